use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

#[test]
fn whatever_the_modes_all_of_it_is_seen() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("store"))?;
    let upper = folder.path().join("upper");
    fs::create_dir_all(upper.join("a/b")).expect("a folder");
    fs::write(upper.join("a/b/file"), "contents").expect("a file");
    symlink("/etc", upper.join("a/link")).expect("a link");
    let close = |path: &str, mode| {
        fs::set_permissions(upper.join(path), fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for (path, mode) in [("a/b/file", 0o4010), ("a/b", 0), ("a", 0o100), ("", 0)] {
        close(path, mode);
    }
    let written = UpperReader::open(&upper, OverlayXattrs::User)?;
    let folder = UpperEntryKind::Folder(LowerPart::SameName);
    let link = UpperEntryKind::Symlink { target: "/etc".to_owned(), is_text: true };
    for (path, kind, mode) in [
        ("a/b/file", UpperEntryKind::File, 0o4010),
        ("a/b", folder.clone(), 0),
        ("a", folder.clone(), 0o100),
        ("", folder, 0),
        ("a/link", link, 0o777),
    ] {
        let found = written.entry(path)?.expect("it was written");
        assert_eq!((found.kind, found.mode), (kind, mode), "{path}");
    }
    for path in ["a/link/passwd", "a/b/file/x", "none", "a/none"] {
        assert_eq!(written.entry(path)?, None, "{path}");
    }
    assert_eq!(written.store_file(&cas, "a/b/file")?, Digest::of(b"contents"));
    let tree = written.capture(&cas, "a", &Digest::of(b""), &|| Ok(Digest::of(b"")))?.root;
    assert!(cas.lookup(&tree, "b/file")?.is_some());
    drop(written);
    assert_eq!(fs::metadata(&upper).expect("it is there").permissions().mode() & 0o7777, 0);
    crate::remove_tree::remove_all(&upper).expect("all is ours");
    Ok(())
}
