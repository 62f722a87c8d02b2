//! A tree, put into a tar and staged, is the tree that importing its folder gives.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use common::{Lab, append, sha256, silent, spec};
use proptest::prelude::*;
use spec_cas::ImportMode;
use tar::EntryType;

#[derive(Clone, Debug)]
enum Leaf {
    File(Vec<u8>, bool),
    Symlink(String),
    Directory,
}

/// Trees as paths whose parts never are both a leaf and a directory: leaves and directories have names of their own.
fn trees() -> impl Strategy<Value = BTreeMap<String, Leaf>> {
    let leaf = prop_oneof![
        (prop::collection::vec(any::<u8>(), 0..600), any::<bool>()).prop_map(|(data, x)| Leaf::File(data, x)),
        "[a-z./]{1,20}".prop_map(Leaf::Symlink),
        Just(Leaf::Directory),
    ];
    let path = (prop::collection::vec("d[a-cé .]{1,3}", 0..4), "l[a-zA-Z0-9 ._é-]{1,110}");
    prop::collection::btree_map(
        path.prop_map(|(above, name)| [above, vec![name]].concat().join("/")),
        leaf,
        0..20,
    )
}

fn write(folder: &Path, tree: &BTreeMap<String, Leaf>) -> std::io::Result<()> {
    for (path, leaf) in tree {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        match leaf {
            Leaf::File(data, executable) => {
                fs::write(&path, data)?;
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            }
            Leaf::Symlink(target) => symlink(target, &path)?,
            Leaf::Directory => fs::create_dir(&path)?,
        }
    }
    Ok(())
}

fn pack(tree: &BTreeMap<String, Leaf>, prefix: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, EntryType::Directory, prefix, 0o755, "", b"");
    for (path, leaf) in tree {
        let path = format!("{prefix}{path}");
        match leaf {
            Leaf::File(data, true) => append(&mut tar, EntryType::Regular, &path, 0o755, "", data),
            Leaf::File(data, false) => append(&mut tar, EntryType::Regular, &path, 0o644, "", data),
            Leaf::Symlink(target) => append(&mut tar, EntryType::Symlink, &path, 0o777, target, b""),
            Leaf::Directory => append(&mut tar, EntryType::Directory, &path, 0o755, "", b""),
        }
    }
    tar.into_inner().expect("writing to memory")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_tar_is_its_folder(tree in trees(), dotted: bool, based: bool) {
        let lab = Lab::new();
        let folder = lab.project().join("folder");
        fs::create_dir(&folder)?;
        write(&folder, &tree)?;
        let imported = lab.context.cas.import_dir(&folder, ImportMode::Copy, |_| true)?;

        let prefix = format!("{}{}", if dotted { "./" } else { "" }, if based { "base/" } else { "" });
        let archive = pack(&tree, &prefix);
        lab.write("a.tar", &archive);
        let base = if based { "base" } else { "" };
        let config = [("url", "files:a.tar"), ("ref", &sha256(&archive)), ("base-dir", base)];
        let staged = lab.sources(&[spec("tar", &config)])?.stage(&silent())?;
        prop_assert_eq!(staged, imported);

        // As a local source, the key is that tree's hash.
        let local = lab.sources(&[spec("local", &[("path", "folder")])])?;
        prop_assert_eq!(local.stage(&silent())?, imported);
        prop_assert!(local.key_text()?.is_some_and(|keys| keys.contains(&imported.hex())));
    }
}
