use spec_model::tree::{DirectoryNode, NodeProperties};

use super::*;

#[test]
fn what_is_remembered_of_one_tree_holds_in_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    let directory = |says: &str, children: &[(&str, Digest)]| {
        let properties = NodeProperties {
            properties: [(NAME.to_owned(), says.to_owned())].into_iter().collect(),
            ..NodeProperties::default()
        };
        let child =
            |(name, digest): &(&str, Digest)| DirectoryNode { name: (*name).to_owned(), digest: *digest };
        let directories = children.iter().map(child).collect();
        cas.store_directory(&Directory { directories, properties, ..Directory::default() }).expect("stored")
    };
    let (silent, loud) = (directory("", &[]), directory("true", &[]));
    let both = directory("", &[("loud", loud), ("silent", silent)]);
    let subtrees = SubtreeFinder::new(cas.clone());
    let of = |root: &Digest| {
        let found = subtrees.of(root).expect("all is here").into_iter();
        found.map(|subtree| (subtree.path.display().to_string(), subtree.writable)).collect::<Vec<_>>()
    };
    let path = |path: &str, writable| (path.to_owned(), writable);
    for _ in 0..2 {
        assert_eq!(of(&both), [path("/loud", false)]);
        assert_eq!(of(&silent), []);
        let outer = directory("false", &[("a", both), ("b", both), ("c", silent)]);
        assert_eq!(of(&outer), [path("/", true), path("/a/loud", false), path("/b/loud", false)]);
    }
}
