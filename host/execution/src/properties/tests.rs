use std::fs;

use spec_model::tree::{FileNode, SymlinkNode};

use super::*;

#[test]
fn what_was_not_touched_keeps_its_properties() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("cas")).expect("a store");
    let digest = cas.put_bytes(b"1").expect("room");
    let properties = NodeProperties { mtime: Some((1, 2)), ..NodeProperties::default() };
    let file = |name: &str| FileNode {
        name: name.to_owned(),
        digest,
        executable: false,
        properties: properties.clone(),
    };
    let link = |name: &str| SymlinkNode {
        name: name.to_owned(),
        target: "a".to_owned(),
        properties: properties.clone(),
    };
    let before = Directory {
        files: vec![file("same"), file("written")],
        symlinks: vec![link("same-link")],
        ..Directory::default()
    };
    let root = cas.store_directory(&before).expect("room");
    let written = folder.path().join("upper");
    fs::create_dir(&written).and_then(|()| fs::write(written.join("written"), "1")).expect("room");
    let wanted = RequestedProperties::of(&["mtime".to_owned()]);
    let upper = spec_cas::UpperReader::open(&written, spec_cas::OverlayXattrs::User).expect("it is there");
    let after = wanted.add_to(&cas, &root, &upper, "").and_then(|root| cas.directory(&root));
    let after = after.expect("the store works");
    assert_eq!((&after.files[0], &after.symlinks[0]), (&before.files[0], &before.symlinks[0]));
    assert_ne!(after.files[1].properties, properties);
}
