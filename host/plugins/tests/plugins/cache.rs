//! Compiled code on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use spec_plugins::{Options, Plugins};
use spec_strategy::KindRegistry;

use crate::support::{request, temporary};

fn load_stack(cache: &Path) {
    let plugins = Plugins::new(Options::new(cache.to_owned()));
    plugins.kind(&request("stack", None)).expect("a default kind loads");
}

/// The compiled code; beside it are statistics of its use.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(cache.join("code/modules")).expect("the cache was used");
    let files =
        versions.flat_map(|version| fs::read_dir(version.expect("it can be read").path()).expect("a folder"));
    files.map(|file| file.expect("it can be read").path()).filter(|file| file.extension().is_none()).collect()
}

#[test]
fn code_is_kept_where_no_other_user_sees_it() {
    let folder = temporary();
    let cache = folder.path().join("code");
    load_stack(&cache);
    assert_eq!(entries(&cache).len(), 1);
    let mode = fs::metadata(&cache).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_damaged_entry_is_compiled_again() {
    let folder = temporary();
    load_stack(folder.path());
    let entry = entries(folder.path()).remove(0);
    let sound = fs::read(&entry).expect("it is there");
    for damaged in [&b""[..], b"not compiled code", &sound[..sound.len() / 2]] {
        fs::write(&entry, damaged).expect("the folder is ours");
        load_stack(folder.path());
        assert!(fs::metadata(&entry).expect("it is there").len() > sound.len() as u64 / 2);
    }
}

#[test]
fn without_a_place_for_the_cache_plugins_work() {
    let folder = temporary();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("the folder is ours");
    load_stack(&file);
}
