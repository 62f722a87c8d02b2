//! Tests of compiled code on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use spec_plugins::{Options, Plugins};
use spec_strategy::KindRegistry;

use crate::support::{request, temporary};

fn load_stack(cache: &Path) {
    let plugins = Plugins::new(Options { keep_answers: false, ..Options::new(cache.to_owned()) });
    plugins.kind(&request("stack", None)).expect("a default kind loads");
}

/// The compiled code.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(cache.join("code")).expect("the cache was used");
    files.map(|file| file.expect("it can be read").path()).collect()
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
        assert_eq!(fs::metadata(&entry).expect("it is there").len(), sound.len() as u64);
    }
}

/// Machine code with a flipped bit could do anything, so it is not loaded: the file is written again.
#[test]
fn code_with_a_flipped_bit_is_compiled_again() {
    let folder = temporary();
    load_stack(folder.path());
    let entry = entries(folder.path()).remove(0);
    let sound = fs::read(&entry).expect("it is there");
    for bit in (0..sound.len() * 8).step_by(sound.len() * 8 / 24 + 1) {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&entry, &flipped).expect("the folder is ours");
        load_stack(folder.path());
        assert_ne!(fs::read(&entry).expect("it is there"), flipped, "bit {bit}");
    }
}

#[test]
fn code_that_others_can_write_is_compiled_again() {
    let folder = temporary();
    load_stack(folder.path());
    let entry = entries(folder.path()).remove(0);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&entry, fs::Permissions::from_mode(mode)).expect("it is ours");
        load_stack(folder.path());
        let now = fs::metadata(&entry).expect("it is there").permissions().mode();
        assert_eq!(now & 0o777, 0o600, "{mode:o}");
    }
}

/// Code compiled with other settings is not loaded.
#[test]
fn every_setting_has_code_of_its_own() {
    let folder = temporary();
    load_stack(folder.path());
    let mut options = Options::new(folder.path().to_owned());
    options.limits.memory *= 2;
    options.keep_answers = false;
    Plugins::new(options).kind(&request("stack", None)).expect("a default kind loads");
    assert_eq!(entries(folder.path()).len(), 2);
}

#[test]
fn without_a_place_for_the_cache_plugins_work() {
    let folder = temporary();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("the folder is ours");
    load_stack(&file);
}
