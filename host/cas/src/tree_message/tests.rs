use spec_model::DigestFunction;

use super::*;
use crate::builder::TreeBuilder;

#[test]
fn a_tree_message_lists_parents_before_children_each_once() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for function in DigestFunction::ALL {
        let cas = Cas::open_with(folder.path(), function)?;
        let file = cas.put_bytes(b"contents")?;
        let mut builder = TreeBuilder::new();
        // The same directory beside its parent, by name before it, and below it.
        for path in ["a/file", "b/c/file", "z"] {
            builder.add_file(path, file, false)?;
        }
        let root = builder.store(&cas)?;
        let message = cas.store_tree_message(&root)?;
        let directories = codec::decode_tree(&cas.get(&message)?).expect("it was just encoded");
        assert_eq!(directories.len(), 3);
        let digests: Vec<_> = directories.iter().map(|one| cas.digest(&codec::encode(one))).collect();
        assert_eq!(digests[0], root);
        for (at, directory) in directories.iter().enumerate() {
            for child in &directory.directories {
                assert!(digests.iter().position(|digest| *digest == child.digest) > Some(at));
            }
        }
        assert_eq!(cas.files_of_tree_message(&message)?, [file]);
        assert_eq!(cas.distinct_blobs_of_tree(&root)?.len(), 4);
    }
    Ok(())
}

#[test]
fn an_empty_tree_has_a_message_with_an_empty_root() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let message = cas.store_tree_message(&Digest::of(b""))?;
    assert_eq!(cas.get(&message)?, [0x0a, 0x00]);
    Ok(())
}

#[test]
fn all_that_is_missing_is_told() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let (here, absent) = (cas.put_bytes(b"here")?, Digest::of(b"absent"));
    let mut builder = TreeBuilder::new();
    builder.add_file("here", here, false)?;
    builder.add_file("d/absent", absent, false)?;
    builder.add_tree("e", Digest::of(b"absent directory"))?;
    let root = builder.store(&cas)?;
    let mut expected = vec![absent, Digest::of(b"absent directory")];
    expected.sort_unstable();
    assert_eq!(cas.missing_of_tree(&root)?, expected);
    Ok(())
}
