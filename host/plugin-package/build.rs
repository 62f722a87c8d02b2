//! Embeds the templates of plugins, the WIT text and the SDK for Rust.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let root = here.join("../..");
    let tables = [
        table("TEMPLATE_FILES", &here.join("templates")),
        table("WIT_FILES", &root.join("wit")),
        table("SDK_FILES", &root.join("guest-sdk")),
    ];
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("embedded.rs");
    fs::write(&out, tables.concat()).expect("cargo made OUT_DIR, so it can be written");
}

/// A constant with the files below a folder: their paths in it, and their contents.
fn table(name: &str, folder: &Path) -> String {
    let folder = folder.canonicalize().expect("the folders are part of the sources");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    let entry = |file: &PathBuf| {
        let path = file.strip_prefix(&folder).expect("it is below the folder").display().to_string();
        format!("    ({path:?}, include_str!({:?})),\n", file.display().to_string())
    };
    let entries: String = files.iter().map(entry).collect();
    format!("const {name}: &[(&str, &str)] = &[\n{entries}];\n")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folders are part of the sources") {
        let path = entry.expect("the folders are part of the sources").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, files);
            }
        } else if !path.ends_with("Cargo.lock") {
            files.push(path);
        }
    }
}
