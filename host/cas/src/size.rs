//! How much a tree unfolds to.

use std::collections::HashMap;

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::tree::DEEPEST;

/// Few directories that hold each other many times over unfold to more than any disk holds. No honest tree is larger.
const MOST: u64 = 10_000_000;

impl Cas {
    /// Refuses trees that a client can send in a moment and nobody can check out.
    ///
    /// # Errors
    /// `cas-bad-directory` when the tree has more than ten million entries or 256 levels; as
    /// [`directory`](Self::directory).
    pub(crate) fn check_size(&self, root: &Digest) -> Result<()> {
        let too =
            |what: &str| CasError::BadDirectory { digest: *root, why: format!("it has more than {what}") };
        match self.count(root, 0, &mut HashMap::new())? {
            None => Err(too(&format!("{DEEPEST} levels"))),
            Some(count) if count > MOST => Err(too(&format!("{MOST} entries"))),
            Some(_) => Ok(()),
        }
    }

    /// Entries of a tree, each as often as it occurs; `None` when it is too deep.
    fn count(&self, digest: &Digest, depth: usize, known: &mut HashMap<Digest, u64>) -> Result<Option<u64>> {
        if let Some(count) = known.get(digest) {
            return Ok(Some(*count));
        }
        if depth > DEEPEST as usize {
            return Ok(None);
        }
        let directory = self.directory(digest)?;
        let mut count = (directory.files.len() + directory.symlinks.len()) as u64;
        for child in &directory.directories {
            let Some(below) = self.count(&child.digest, depth + 1, known)? else { return Ok(None) };
            count = count.saturating_add(1).saturating_add(below);
        }
        known.insert(*digest, count);
        Ok(Some(count))
    }
}

#[cfg(test)]
mod tests {
    use spec_model::UserError;
    use spec_model::tree::{Directory, DirectoryNode};

    use super::*;

    #[test]
    fn trees_that_unfold_without_end_are_refused() -> Result<()> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path())?;
        for (levels, names, good) in [(10, 2, true), (30, 2, false), (200, 1, true), (300, 1, false)] {
            let mut root = Digest::of(b"");
            for _ in 0..levels {
                let node = |n: usize| DirectoryNode { name: n.to_string(), digest: root };
                let directories = (0..names).map(node).collect();
                root = cas.store_directory(&Directory { directories, ..Directory::default() })?;
            }
            let reason = cas.check_size(&root).map_err(|error| error.reason().to_owned());
            let expected = if good { Ok(()) } else { Err("cas-bad-directory".to_owned()) };
            assert_eq!(reason, expected, "{levels} levels of {names}");
        }
        Ok(())
    }
}
