//! The shape of the house: small files, and `unsafe` where it is expected.

use std::fs;
use std::path::{Path, PathBuf};

/// No file of the host is longer, in lines.
const LONGEST: usize = 800;

/// Half of the host's files are shorter, in lines.
const MEDIAN: usize = 200;

/// The room that may use `unsafe`.
const UNSAFE_ROOM: &str = "host/sandbox";

/// The one file elsewhere that may: it loads compiled code.
const UNSAFE_FILE: &str = "host/plugins/src/code_cache.rs";

#[test]
fn files_of_the_host_are_small() {
    let mut lengths: Vec<_> =
        sources("host").into_iter().map(|file| (read(&file).lines().count(), file)).collect();
    lengths.sort();
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "these files have more than {LONGEST} lines: {long:?}");
    let (median, _) = lengths[lengths.len() / 2];
    assert!(median < MEDIAN, "half of the host's files have {median} lines or more");
}

/// The workspace denies `unsafe` to who inherits its lints: so a crate has to inherit them, and a file
/// must not excuse itself.
#[test]
fn unsafe_is_in_one_room_and_one_file() {
    let mut strays = vec![];
    for folder in ["host", "proto", "tests", "xtask"] {
        let files = sources(folder).into_iter();
        strays.extend(files.filter(|file| !may_be_unsafe(file) && excuses_unsafe(&read(file))));
    }
    for manifest in manifests() {
        let lints = read(&manifest);
        if !in_unsafe_room(&manifest) && !lints.contains("[lints]\nworkspace = true\n") {
            strays.push(manifest);
        }
    }
    assert!(strays.is_empty(), "only {UNSAFE_ROOM} and {UNSAFE_FILE} may use unsafe; see {strays:?}");
}

fn excuses_unsafe(text: &str) -> bool {
    // In two pieces, so that this file does not excuse itself.
    let lint = concat!("unsafe", "_code");
    text.lines().any(|line| line.contains(lint) && (line.contains("allow(") || line.contains("expect(")))
}

/// The entry points of fuzz targets are functions that C code calls: a macro makes them.
fn may_be_unsafe(file: &Path) -> bool {
    let fuzz_targets = spec_testkit::checkout().join("tests/fuzz/targets");
    in_unsafe_room(file)
        || file == spec_testkit::checkout().join(UNSAFE_FILE)
        || file.starts_with(fuzz_targets)
}

fn in_unsafe_room(file: &Path) -> bool {
    file.starts_with(spec_testkit::checkout().join(UNSAFE_ROOM))
}

/// The Rust files below a folder of the checkout.
fn sources(folder: &str) -> Vec<PathBuf> {
    let found = below(&spec_testkit::checkout().join(folder), "rs");
    assert!(!found.is_empty(), "{folder} has no Rust");
    found
}

fn manifests() -> Vec<PathBuf> {
    let found =
        ["host", "proto", "xtask"].iter().flat_map(|f| below(&spec_testkit::checkout().join(f), "toml"));
    found.filter(|file| file.ends_with("Cargo.toml")).collect()
}

fn below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder of the checkout can be read").path();
        if path.is_dir() {
            found.extend(below(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
