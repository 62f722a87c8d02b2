use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

/// The mode of a new file.
fn usual(folder: &Path) -> u32 {
    let file = folder.join("usual");
    fs::write(&file, "").expect("the folder is ours");
    mode(&file)
}

#[test]
fn a_file_that_is_there_needs_force_and_stays_what_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "precious").expect("the folder is ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("file", &link).expect("the folder is ours");
    for path in [&file, &link] {
        let reason = NewFile::open(path, false).map_err(|error| error.reason().to_owned());
        assert_eq!(reason.err().as_deref(), Some("file-exists"));
        let mut new = NewFile::open(path, true).expect("it may be overwritten");
        new.write_all(b"new").expect("there is room");
        drop(new);
        assert_eq!(fs::read_to_string(&file).expect("what was there stays"), "new");
    }
    assert!(link.is_symlink());
    assert_eq!(mode(&file), 0o640);
}

#[test]
fn what_was_made_goes_unless_it_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (link, target) = (folder.path().join("link"), folder.path().join("target"));
    symlink("target", &link).expect("the folder is ours");
    drop(NewFile::open(&link, false).expect("nothing is there"));
    assert!(!target.exists() && link.is_symlink());
    NewFile::open(&link, false).expect("nothing is there").keep();
    assert_eq!(mode(&target), usual(folder.path()));
}

#[test]
fn a_rewritten_file_keeps_mode_names_and_links_to_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    rewrite(&path("new"), "one").expect("there is room");
    assert_eq!(mode(&path("new")), usual(folder.path()));
    fs::set_permissions(path("new"), fs::Permissions::from_mode(0o664)).expect("it is ours");
    symlink("new", path("link")).expect("the folder is ours");
    rewrite(&path("link"), "two").expect("there is room");
    assert!(path("link").is_symlink());
    assert_eq!((fs::read_to_string(path("new")).ok().as_deref(), mode(&path("new"))), (Some("two"), 0o664));
    fs::hard_link(path("new"), path("other")).expect("the folder is ours");
    rewrite(&path("other"), "three").expect("there is room");
    assert_eq!(fs::read_to_string(path("new")).ok().as_deref(), Some("three"));
    rewrite(&path("gone/file"), "").expect_err("its folder is not there");
}
