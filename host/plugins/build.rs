//! Embeds the components of the default element kinds, which `cargo xtask guests` makes.

use std::path::{Path, PathBuf};
use std::{env, fs};

const KINDS: [&str; 4] = ["autotools", "import", "manual", "stack"];

fn main() {
    let directory = components();
    println!("cargo:rerun-if-env-changed=SPEC_COMPONENTS");
    let entries = KINDS.map(|kind| entry(&directory, kind)).join("");
    let text = format!("pub(crate) const COMPONENTS: &[(&str, &[u8])] = &[\n{entries}];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("components.rs");
    fs::write(&out, text).expect("cargo made OUT_DIR, so it can be written");
}

fn components() -> PathBuf {
    if let Some(directory) = env::var_os("SPEC_COMPONENTS") {
        return directory.into();
    }
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    here.join("../../target/components")
}

fn entry(directory: &Path, kind: &str) -> String {
    let file = directory.join(format!("{kind}.wasm"));
    println!("cargo:rerun-if-changed={}", file.display());
    let Ok(file) = file.canonicalize() else {
        panic!("there is no component at {}; run: cargo xtask guests", file.display());
    };
    format!("    ({kind:?}, include_bytes!({file:?})),\n")
}
