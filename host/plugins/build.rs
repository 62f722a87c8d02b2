//! Embeds the components that are part of the program, which `cargo xtask guests` makes.

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

const KINDS: &[&str] = &[
    "autotools",
    "cargo",
    "check_forbidden",
    "cmake",
    "collect_integration",
    "collect_manifest",
    "compose",
    "filter",
    "flatpak_image",
    "flatpak_repo",
    "import",
    "make",
    "makemaker",
    "manual",
    "meson",
    "modulebuild",
    "ostree",
    "pip",
    "pyproject",
    "qmake",
    "script",
    "setuptools",
    "stack",
];
/// Python plugins of projects, which are known by their text.
const PROJECT_KINDS: &[&str] = &["collect_initial_scripts"];
const OVERLAY_POLICIES: &[&str] = &["overlay-include-scan", "overlay-standard"];
const PRIMING_POLICIES: &[&str] = &["priming-critical-path", "priming-eager", "priming-selective"];

fn main() {
    let directory = components();
    println!("cargo:rerun-if-env-changed=SPEC_COMPONENTS");
    let tables = [
        table(&directory, "KINDS", KINDS),
        table(&directory, "PROJECT_KINDS", PROJECT_KINDS),
        table(&directory, "OVERLAY_POLICIES", OVERLAY_POLICIES),
        table(&directory, "PRIMING_POLICIES", PRIMING_POLICIES),
    ];
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("components.rs");
    fs::write(&out, tables.concat()).expect("cargo made OUT_DIR, so it can be written");
}

fn components() -> PathBuf {
    if let Some(directory) = env::var_os("SPEC_COMPONENTS") {
        return directory.into();
    }
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    here.join("../../target/components")
}

fn table(directory: &Path, name: &str, components: &[&str]) -> String {
    let entries: String = components.iter().map(|component| entry(directory, component)).collect();
    format!("const {name}: &[(&str, EmbeddedComponent)] = &[\n{entries}];\n")
}

fn entry(directory: &Path, component: &str) -> String {
    let file = directory.join(format!("{component}.wasm"));
    println!("cargo:rerun-if-changed={}", file.display());
    let Ok(file) = file.canonicalize() else {
        panic!("there is no component at {}; run: cargo xtask guests", file.display());
    };
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "    ({component:?}, EmbeddedComponent {{ bytes: include_bytes!({file:?}), sha256: {sha256:?} }}),\n"
    )
}
