use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

use super::*;
use crate::test_trees::{PathMap, Picture, arbitrary_paths, picture, store};

fn apply(picture: &mut Picture, changes: &[Change]) {
    for change in changes {
        assert_eq!(picture.get(&change.path), change.before.as_ref(), "{}", change.path);
        match &change.after {
            Some(entry) => picture.insert(change.path.clone(), entry.clone()),
            None => picture.remove(&change.path),
        };
    }
}

/// Directories both trees have differ in digest, which is not a change.
fn without_digests(picture: Picture) -> Picture {
    let blank = |entry| match entry {
        Entry::Directory(_) => Entry::Directory(Digest::of(b"")),
        other => other,
    };
    picture.into_iter().map(|(path, entry)| (path, blank(entry))).collect()
}

#[test]
fn applied_changes_give_the_other_tree() -> Result<(), TestError<(PathMap, PathMap)>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    TestRunner::default().run(&(arbitrary_paths(), arbitrary_paths()), |(a, b)| {
        let (a, b) = (store(&cas, &a)?, store(&cas, &b)?);
        let mut result = picture(&cas, &a)?;
        apply(&mut result, &cas.diff(&a, &b)?);
        prop_assert_eq!(without_digests(result), without_digests(picture(&cas, &b)?));
        Ok(())
    })
}
