use std::fs;
use std::os::unix::fs::PermissionsExt;

use spec_model::UserError;
use spec_model::tree::{DirectoryNode, NodeProperties};

use super::*;

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o7777
}

fn read_only(directory: Directory) -> Directory {
    let properties = NodeProperties { unix_mode: Some(0o6555), ..NodeProperties::default() };
    Directory { properties, ..directory }
}

#[test]
fn permissions_of_directories_are_set_last() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dest = parent.path().join("dest");
    let [root, inner, data] = [&b"root"[..], b"inner", b"data"].map(Digest::of);
    let properties = NodeProperties { unix_mode: Some(0o7755), ..NodeProperties::default() };
    let file = FileNode { name: "file".to_owned(), digest: data, executable: false, properties };
    let child = DirectoryNode { name: "inner".to_owned(), digest: inner };
    let directories = Directories::from([
        (root, (vec![], read_only(Directory { directories: vec![child], ..Directory::default() }))),
        (inner, (vec![], read_only(Directory { files: vec![file], ..Directory::default() }))),
    ]);
    let receiver =
        DirectoryReceiver::prepare(&dest, DigestFunction::Sha256, Limits::default(), Cancel::new())
            .and_then(|receiver| receiver.create_directories(&root, &directories));
    let receiver = receiver.expect("the directories are created");
    receiver.put(&data, b"data").expect("the file is written");
    receiver.publish().expect("the tree is moved");
    drop(receiver);
    assert_eq!([mode(&dest), mode(&dest.join("inner"))], [0o555; 2]);
    assert_eq!(mode(&dest.join("inner/file")), 0o755, "setuid and setgid bits are dropped");
    assert_eq!(fs::read_dir(parent.path()).expect("a folder").count(), 1, "no temporary directory is left");
    assert_eq!(fs::read(dest.join("inner/file")).expect("it is there"), b"data");
    fs::set_permissions(&dest, fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::set_permissions(dest.join("inner"), fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn a_tree_beyond_the_limits_is_refused_before_anything_is_created() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let mut directories = Directories::new();
    let mut root = Digest::of(b"");
    directories.insert(root, (vec![], Directory::default()));
    for level in 0..30 {
        let node = |n: u32| DirectoryNode { name: n.to_string(), digest: root };
        let directory = Directory { directories: (0..10).map(node).collect(), ..Directory::default() };
        root = Digest::of(&[level]);
        directories.insert(root, (vec![], directory));
    }
    let receiver = DirectoryReceiver::prepare(
        &parent.path().join("dest"),
        DigestFunction::Sha256,
        Limits::default(),
        Cancel::new(),
    );
    let created = receiver.and_then(|receiver| receiver.create_directories(&root, &directories));
    assert_eq!(created.err().map(|error| error.reason().to_owned()).as_deref(), Some("tree-too-large"));
    assert_eq!(fs::read_dir(parent.path()).expect("a folder").count(), 0);
}
