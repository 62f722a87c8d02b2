use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

use super::*;
use crate::builder::TreeBuilder;
use crate::test_trees::{PathMap, arbitrary_paths, picture, store};

#[test]
fn changes_of_a_tree_lead_to_the_other_one() -> Result<(), TestError<(PathMap, PathMap)>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    TestRunner::default().run(&(arbitrary_paths(), arbitrary_paths()), |(a, b)| {
        let (a, b) = (store(&cas, &a)?, store(&cas, &b)?);
        prop_assert_eq!(cas.apply_changes(&a, &a, &b)?, b);
        Ok(())
    })
}

#[test]
fn what_was_built_beside_the_sources_stays() -> Result<(), crate::CasError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let tree = |files: &[(&str, &str)]| {
        let mut builder = TreeBuilder::new();
        for (path, text) in files {
            builder.add_file(path, cas.put_bytes(text.as_bytes())?, false)?;
        }
        builder.store(&cas)
    };
    let before = tree(&[("src/a.c", "old"), ("src/gone.c", ""), ("README", "")])?;
    let built = tree(&[("src/a.c", "old"), ("src/gone.c", ""), ("src/a.o", "o"), ("README", "edited")])?;
    let after = tree(&[("src/a.c", "new"), ("src/new/b.c", ""), ("README", "")])?;
    let expected = tree(&[("src/a.c", "new"), ("src/new/b.c", ""), ("src/a.o", "o"), ("README", "edited")])?;
    let changed = cas.apply_changes(&built, &before, &after)?;
    assert_eq!(picture(&cas, &changed)?, picture(&cas, &expected)?);
    Ok(())
}
