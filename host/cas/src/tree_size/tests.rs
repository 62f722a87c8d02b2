use spec_model::UserError;
use spec_model::tree::{DirectoryNode, FileNode, NodeProperties};

use super::*;

/// A tree of nested folders, each of which contains the next one `names` times, and a file of ten bytes.
fn nested(cas: &Cas, levels: u32, names: u32) -> Result<Digest> {
    let mut root = Digest::of(b"");
    for _ in 0..levels {
        let node = |n: u32| DirectoryNode { name: n.to_string(), digest: root };
        let properties = NodeProperties::default();
        let digest = Digest::new([7; 32], 10);
        let file = FileNode { name: "file".to_owned(), digest, executable: false, properties };
        let directories = (0..names).map(node).collect();
        root = cas.store_directory(&Directory { files: vec![file], directories, ..Directory::default() })?;
    }
    Ok(root)
}

#[test]
fn trees_that_unfold_without_end_are_refused() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    for (levels, names, good) in
        [(10, 2, true), (19, 3, false), (30, 2, false), (200, 2, false), (256, 1, true), (257, 1, false)]
    {
        let root = nested(&cas, levels, names)?;
        let reason = cas.tree_size(&root).map_err(|error| error.reason().to_owned());
        let expected = if good { Ok(levels) } else { Err("tree-too-large".to_owned()) };
        assert_eq!(reason.map(|size| size.depth), expected, "{levels} levels of {names}");
        let checked = cas.checkout_into(&root, &folder.path().join("dest"));
        assert_eq!(checked.is_err_and(|error| error.reason() == "tree-too-large"), !good);
        assert!(good || !folder.path().join("dest").exists(), "nothing was begun");
        crate::remove_tree::remove_all(&folder.path().join("dest")).expect("it is ours");
    }
    Ok(())
}

#[test]
fn everything_counts_as_often_as_it_occurs() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let root = nested(&cas, 3, 2)?;
    let size = TreeSize { entries: 2 + 4 + 8 + 1 + 2 + 4, bytes: 70, depth: 3 };
    assert_eq!(cas.tree_size(&root)?, size);
    let TreeSize { entries, bytes, depth } = size;
    for (limits, good) in [
        (Limits { entries, bytes, depth }, true),
        (Limits { entries: entries - 1, bytes, depth }, false),
        (Limits { entries, bytes: bytes - 1, depth }, false),
        (Limits { entries, bytes, depth: depth - 1 }, false),
    ] {
        assert_eq!(cas.clone().with_limits(limits).tree_size(&root).is_ok(), good, "{limits:?}");
    }
    Ok(())
}

#[test]
fn work_on_what_unfolds_is_bounded_and_can_be_given_up() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let [one, two] = [nested(&cas, 40, 2)?, nested(&cas, 41, 2)?];
    let cancelled = spec_model::Cancel::new();
    cancelled.cancel();
    let given_up = cas.clone().with_cancel(&cancelled);
    for (cas, expected) in [(&cas, "tree-too-large"), (&given_up, "cancelled")] {
        let reason = |result: Result<()>| result.map_err(|error| error.reason().to_owned());
        let layers = [crate::MergeInput::whole(one), crate::MergeInput::whole(two)];
        let works: [(&str, Result<()>); 4] = [
            ("walk", cas.walk(&one, |_, _| Ok(crate::Walk::Enter))),
            ("merge", cas.merge(&layers).map(drop)),
            ("diff", cas.diff(&one, &two).map(drop)),
            ("tree_size", cas.tree_size(&one).map(drop)),
        ];
        for (name, result) in works {
            assert_eq!(reason(result), Err(expected.to_owned()), "{name}");
        }
    }
    // An operation that visits every different directory once is quick.
    assert_eq!(cas.distinct_blobs_of_tree(&one)?.len(), 40 + 2);
    assert_eq!(cas.missing_of_tree(&one)?.len(), 1);
    for result in [given_up.distinct_blobs_of_tree(&one).map(drop), given_up.missing_of_tree(&one).map(drop)]
    {
        assert!(result.is_err_and(|error| error.reason() == "cancelled"));
    }
    Ok(())
}
