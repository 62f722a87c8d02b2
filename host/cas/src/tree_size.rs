//! How much a tree unfolds to.

use std::collections::HashMap;
use std::ops::Deref;

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::error::Result;
use crate::limits::{Limits, Meter};
use crate::store::Cas;
use crate::tree::count;

/// How large a tree is, everything counted as often as it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeSize {
    /// Files, symbolic links and folders.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Folders within each other.
    pub depth: u32,
}

impl TreeSize {
    /// Counts a tree whose directories `load` gives, each of which is asked for once, before anything is made of it.
    ///
    /// # Errors
    /// `tree-too-large` when it is larger than `limits`; whatever `load` answers with.
    pub fn of<D: Deref<Target = Directory>, E: From<crate::CasError>>(
        root: &Digest,
        limits: Limits,
        load: impl FnMut(&Digest) -> Result<D, E>,
    ) -> Result<Self, E> {
        let cancel = spec_model::Cancel::new();
        let size = SizeCounter { limits, meter: Meter::new(limits, &cancel), load, known: HashMap::new() }
            .tree(root, 0)?;
        limits.check(&format!("the tree {root}"), size.entries, size.bytes, size.depth)?;
        Ok(size)
    }
}

struct SizeCounter<'a, L> {
    limits: Limits,
    meter: Meter<'a>,
    load: L,
    known: HashMap<Digest, TreeSize>,
}

impl<L> SizeCounter<'_, L> {
    fn tree<D: Deref<Target = Directory>, E: From<crate::CasError>>(
        &mut self,
        digest: &Digest,
        depth: u32,
    ) -> Result<TreeSize, E>
    where
        L: FnMut(&Digest) -> Result<D, E>,
    {
        if let Some(size) = self.known.get(digest) {
            return Ok(*size);
        }
        // Deeper than that nobody needs to look.
        self.limits.check("the tree", 0, 0, depth)?;
        let directory = (self.load)(digest)?;
        self.meter.entry()?;
        let mut size = TreeSize {
            entries: count(&directory) as u64,
            bytes: directory.files.iter().map(|file| file.digest.size()).fold(0, u64::saturating_add),
            depth: 0,
        };
        for child in &directory.directories {
            let below = self.tree(&child.digest, depth + 1)?;
            size.entries = size.entries.saturating_add(below.entries);
            size.bytes = size.bytes.saturating_add(below.bytes);
            size.depth = size.depth.max(below.depth + 1);
        }
        self.known.insert(*digest, size);
        Ok(size)
    }
}

impl Cas {
    /// How large a tree is. Reads every different directory once.
    ///
    /// # Errors
    /// `tree-too-large` when it is larger than trees may be, see [`with_limits`](Self::with_limits); `cancelled`; as
    /// [`directory`](Self::directory).
    pub fn tree_size(&self, root: &Digest) -> Result<TreeSize> {
        TreeSize::of(root, self.limits, |digest| {
            self.check_cancel()?;
            self.directory(digest)
        })
    }
}

#[cfg(test)]
mod tests {
    use spec_model::UserError;
    use spec_model::tree::{DirectoryNode, FileNode, NodeProperties};

    use super::*;

    /// A tree of folders that each hold the next one so many times, and a file of ten bytes.
    fn nested(cas: &Cas, levels: u32, names: u32) -> Result<Digest> {
        let mut root = Digest::of(b"");
        for _ in 0..levels {
            let node = |n: u32| DirectoryNode { name: n.to_string(), digest: root };
            let properties = NodeProperties::default();
            let digest = Digest::new([7; 32], 10);
            let file = FileNode { name: "file".to_owned(), digest, executable: false, properties };
            let directories = (0..names).map(node).collect();
            root =
                cas.store_directory(&Directory { files: vec![file], directories, ..Directory::default() })?;
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
        // What looks at every different directory once takes no time.
        assert_eq!(cas.distinct_blobs_of_tree(&one)?.len(), 40 + 2);
        assert_eq!(cas.missing_of_tree(&one)?.len(), 1);
        for result in
            [given_up.distinct_blobs_of_tree(&one).map(drop), given_up.missing_of_tree(&one).map(drop)]
        {
            assert!(result.is_err_and(|error| error.reason() == "cancelled"));
        }
        Ok(())
    }
}
