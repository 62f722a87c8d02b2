//! The root of a sandbox before the first command ran, with the element that each path came from.

use spec_cas::{Cas, Entry, MergeInput, Origins};
use spec_model::{Digest, StagedLayer};

use crate::error::Result;
use crate::path_table::{join_path, normalized};
use crate::record::Content;

/// The number of symbolic links that are followed in one path, as in Linux.
const MAX_SYMLINKS: usize = 40;

/// The root of a sandbox as it was staged.
#[derive(Clone, Debug)]
pub struct StagedRoot {
    cas: Cas,
    root: Digest,
    origins: Origins,
    layers: Vec<StagedLayer>,
}

/// A file or symbolic link that was staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StagedEntry<'a> {
    /// Its contents.
    pub content: Content,
    /// The tree that it came from.
    pub layer: &'a StagedLayer,
    /// Its path in that tree.
    pub path: String,
}

impl StagedRoot {
    /// The root with these trees, staged in this order by BuildStream's rules. It does not have what integration commands
    /// and the build itself wrote.
    ///
    /// # Errors
    /// As [`Cas::merge`].
    pub fn new(cas: &Cas, layers: Vec<StagedLayer>) -> Result<Self> {
        let merged: Vec<MergeInput<'_>> = layers
            .iter()
            .map(|layer| MergeInput { root: layer.tree, location: &layer.location, filter: None })
            .collect();
        let merged = cas.merge(&merged)?;
        Ok(Self { cas: cas.clone(), root: merged.root, origins: merged.origins, layers })
    }

    /// The trees, in the order of staging.
    #[must_use]
    pub(crate) fn layers(&self) -> &[StagedLayer] {
        &self.layers
    }

    /// The file or symbolic link at `path`. Symbolic links to directories on the way are followed.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn at(&self, path: &str) -> Result<Option<StagedEntry<'_>>> {
        let mut path = normalized(path);
        for _ in 0..MAX_SYMLINKS {
            if let Some(entry) = self.cas.lookup(&self.root, &path)? {
                return Ok(Content::of(entry).and_then(|content| self.entry(&path, content)));
            }
            let Some(target) = self.follow_symlink(&path)? else { return Ok(None) };
            path = target;
        }
        Ok(None)
    }

    fn entry(&self, path: &str, content: Content) -> Option<StagedEntry<'_>> {
        let layer = self.layers.get(self.origins.input_of(path))?;
        let location = normalized(&layer.location);
        let in_layer =
            if location.is_empty() { path } else { path.strip_prefix(&location)?.strip_prefix('/')? };
        Some(StagedEntry { content, layer, path: in_layer.to_owned() })
    }

    /// The path with its first symbolic link to a directory followed; `None` when it has none.
    fn follow_symlink(&self, path: &str) -> Result<Option<String>> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends {
            let (parent, rest) = (&path[..end], &path[end + 1..]);
            match self.cas.lookup(&self.root, parent)? {
                Some(Entry::Directory(_)) => {}
                Some(Entry::Symlink(link)) => {
                    let folder = parent.rsplit_once('/').map_or("", |(folder, _)| folder);
                    return Ok(Some(join_path(&join_path(folder, &link.target), rest)));
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}
