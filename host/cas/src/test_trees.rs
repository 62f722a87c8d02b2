//! Random trees for tests.

use std::collections::BTreeMap;

use proptest::prelude::*;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_model::{Digest, DigestFunction};

use crate::builder::TreeBuilder;
use crate::error::Result;
use crate::store::Cas;
use crate::tree::{Entry, Walk};

/// An entry of a map of paths, with which tests compare trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    File(u8, bool),
    Symlink(String),
    EmptyFolder,
}

pub(crate) type PathMap = BTreeMap<String, Leaf>;

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "bin", "lib", "ä"]).prop_map(str::to_owned)
}

fn leaf() -> impl Strategy<Value = Leaf> {
    prop_oneof![
        4 => (any::<u8>(), any::<bool>()).prop_map(|(n, executable)| Leaf::File(n % 6, executable)),
        1 => name().prop_map(Leaf::Symlink),
        2 => Just(Leaf::EmptyFolder),
    ]
}

pub(crate) fn function() -> impl Strategy<Value = DigestFunction> {
    prop::sample::select(DigestFunction::ALL.to_vec())
}

/// Paths of which none lies below another.
pub(crate) fn arbitrary_paths() -> impl Strategy<Value = PathMap> {
    let path = prop::collection::vec(name(), 1..5).prop_map(|names| names.join("/"));
    prop::collection::vec((path, leaf()), 0..14).prop_map(|entries| {
        let mut map = PathMap::new();
        for (path, leaf) in entries {
            let free = |other: &String| {
                let (short, long) = if other.len() < path.len() { (other, &path) } else { (&path, other) };
                !(long == short || long.starts_with(&format!("{short}/")))
            };
            if map.keys().all(free) {
                map.insert(path, leaf);
            }
        }
        map
    })
}

/// Stores the tree of a path map, blobs included.
pub(crate) fn store(cas: &Cas, paths: &PathMap) -> Result<Digest> {
    let mut builder = TreeBuilder::new();
    for (path, leaf) in paths {
        match leaf {
            Leaf::File(n, executable) => builder.add_file(path, cas.put_bytes(&[*n; 3])?, *executable)?,
            Leaf::Symlink(target) => builder.add_symlink(path, target)?,
            Leaf::EmptyFolder => builder.add_directory(path)?,
        }
    }
    builder.store(cas)
}

fn properties() -> impl Strategy<Value = NodeProperties> {
    let named = prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3);
    let mtime = prop::option::of((-62_135_596_800..=253_402_300_799_i64, 0..1_000_000_000_i32));
    (named, mtime, prop::option::of(0..0o10000_u32)).prop_map(|(named, mtime, unix_mode)| NodeProperties {
        properties: named.into_iter().collect(),
        mtime,
        unix_mode,
    })
}

/// A canonical directory message with every field in use.
pub(crate) fn arbitrary_directory() -> impl Strategy<Value = Directory> {
    let digest = any::<([u8; 32], u32)>().prop_map(|(hash, size)| Digest::new(hash, size.into()));
    let node = (0..3_u8, digest, any::<bool>(), "[a-z/.]{1,200}", properties());
    (prop::collection::btree_map("[a-zä]{1,9}", node, 0..9), properties()).prop_map(|(nodes, properties)| {
        let mut directory = Directory { properties, ..Directory::default() };
        for (name, (kind, digest, executable, target, properties)) in nodes {
            match kind {
                0 => directory.files.push(FileNode { name, digest, executable, properties }),
                1 => directory.directories.push(DirectoryNode { name, digest }),
                _ => directory.symlinks.push(SymlinkNode { name, target, properties }),
            }
        }
        directory
    })
}

/// Every path of a tree with what is there.
pub(crate) type Picture = BTreeMap<String, Entry>;

pub(crate) fn picture(cas: &Cas, root: &Digest) -> Result<Picture> {
    let mut picture = Picture::new();
    cas.walk(root, |path, entry| {
        picture.insert(path.to_owned(), entry.into());
        Ok(Walk::Enter)
    })?;
    Ok(picture)
}
