//! `Directory` and `Tree` messages: decoding agrees with prost, and every message has one encoding.

use spec_action::wire::directory_to_proto;
use spec_cas::fuzzing::{decode, decode_tree, encode, encode_tree};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_proto::{Message, reapi};

/// The input is a message of both kinds.
pub fn run(data: &[u8]) {
    if let Ok(directory) = decode(data) {
        check(data, &directory);
    }
    if let Ok(directories) = decode_tree(data) {
        let encoded: Vec<Vec<u8>> = directories.iter().map(encode).collect();
        let (root, children) = encoded.split_first().expect("a tree has a root");
        let again = decode_tree(&encode_tree(root, children));
        assert_eq!(again.as_ref(), Ok(&directories), "an encoded tree decodes to another");
    }
}

fn check(data: &[u8], directory: &Directory) {
    let canonical = encode(directory);
    assert_eq!(decode(&canonical).as_ref(), Ok(directory), "an encoded directory decodes to another");
    let ours = directory_to_proto(directory);
    assert_eq!(ours.encode_to_vec(), canonical, "prost encodes the directory in another way");
    if let Ok(theirs) = reapi::Directory::decode(data) {
        assert_eq!(plain(theirs), ours, "prost decodes another directory");
    }
}

/// The message without empty properties.
fn plain(mut directory: reapi::Directory) -> reapi::Directory {
    let properties = directory.files.iter_mut().map(|node| &mut node.node_properties);
    let properties = properties.chain(directory.symlinks.iter_mut().map(|node| &mut node.node_properties));
    for properties in properties.chain([&mut directory.node_properties]) {
        properties.take_if(|properties| *properties == reapi::NodeProperties::default());
    }
    directory
}

/// Directories with every kind of entry, and trees of them.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = Digest::of(b"contents");
    let properties = NodeProperties {
        properties: vec![("a".to_owned(), "b".to_owned())],
        mtime: Some((-1, 5)),
        unix_mode: Some(0o4755),
    };
    let file =
        |name: &str, properties| FileNode { name: name.to_owned(), digest, executable: true, properties };
    let link =
        SymlinkNode { name: "l".to_owned(), target: "../x".to_owned(), properties: properties.clone() };
    let full = Directory {
        files: vec![file("a", NodeProperties::default()), file("ü", properties.clone())],
        directories: vec![DirectoryNode { name: "d".to_owned(), digest }],
        symlinks: vec![link],
        properties,
    };
    let small = Directory { files: vec![file("f", NodeProperties::default())], ..Directory::default() };
    let [full, small] = [full, small].map(|directory| encode(&directory));
    let trees = [encode_tree(&full, &[small.clone(), full.clone()]), encode_tree(&small, &[])];
    trees.into_iter().chain([full, small]).collect()
}
