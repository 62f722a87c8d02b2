use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use proptest::prelude::*;
use rustix::fs::mkdirat;

use super::*;

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn links_are_removed_and_what_they_lead_to_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (kept, gone) = (folder.path().join("kept"), folder.path().join("gone"));
    fs::create_dir_all(kept.join("inner")).expect("a folder");
    fs::write(kept.join("file"), "kept").expect("a file");
    fs::create_dir(&gone).expect("a folder");
    symlink(&kept, gone.join("absolute")).expect("a link");
    symlink("../kept", gone.join("relative")).expect("a link");
    remove_all(&gone).expect("all is ours");
    assert!(!gone.exists() && kept.join("inner").exists() && kept.join("file").exists());
    symlink("kept", &gone).expect("a link");
    remove_all(&gone).expect("all is ours");
    assert!(gone.symlink_metadata().is_err() && kept.join("file").exists());
    remove_all(&gone).expect("nothing is there");
    remove_all(&gone.join("nor/here")).expect("nothing is there");
}

#[test]
fn folders_deeper_than_any_path_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = OFlags::RDONLY | DIRECTORY;
    let top = folder.path().join("top");
    fs::create_dir(&top).expect("a folder");
    let mut at = rustix::fs::open(&top, flags, Mode::empty()).expect("it is there");
    for level in 0..5000 {
        // Some are closed, and some have names such as the remover uses.
        let name = if level % 7 == 0 { ".moved-1" } else { "folder" };
        mkdirat(&at, name, Mode::RWXU).expect("there is room");
        let next = rustix::fs::openat(&at, name, flags, Mode::empty()).expect("it is there");
        if level % 100 == 0 {
            rustix::fs::fchmod(&at, Mode::empty()).expect("it is ours");
        }
        at = next;
    }
    remove_all(&top).expect("all is ours");
    assert!(!top.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn modes_keep_nothing(entries in prop::collection::vec(("[ab]{1,2}(/[ab]{1,2}){0,4}", 0..0o1000_u32, any::<bool>()), 0..20)) {
        let folder = tempfile::tempdir()?;
        let top = folder.path().join("top");
        fs::create_dir(&top)?;
        let mut made = vec![];
        for (path, mode, file) in entries {
            let path = top.join(path);
            let done = if file { fs::write(&path, "") } else { fs::create_dir_all(&path) };
            made.extend(done.is_ok().then_some((path, mode)));
        }
        made.sort();
        for (path, mode) in made.iter().rev() {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(*mode));
        }
        close(&top, 0);
        remove_all(&top)?;
        prop_assert!(!top.exists());
    }
}
