//! What was staged where before the first command ran.

use spec_cas::{Cas, Entry, Layer, Origins};
use spec_model::Digest;

use crate::error::Result;
use crate::paths::{clean, join};
use crate::record::Content;

/// As many symbolic links are followed in one path, as Linux has it.
const MOST_LINKS: usize = 40;

/// A tree that was staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedLayer {
    /// The tree.
    pub tree: Digest,
    /// Where its root went in the sandbox.
    pub location: String,
    /// The full name of the element it belongs to.
    pub element: String,
    /// What it is of that element.
    pub kind: LayerKind,
}

/// What a staged tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// An element's sources.
    Source,
    /// An element's artifact.
    Artifact,
}

/// The root of a sandbox as it was staged, with whose each path is.
#[derive(Clone, Debug)]
pub struct Staging {
    cas: Cas,
    root: Digest,
    origins: Origins,
    layers: Vec<StagedLayer>,
}

/// What was staged at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged<'a> {
    /// What is there.
    pub content: Content,
    /// The tree that brought it.
    pub layer: &'a StagedLayer,
    /// Its path in that tree.
    pub path: String,
}

impl Staging {
    /// The root that these trees make, staged in this order by BuildStream's rules. It does not hold what integration
    /// commands and the build itself wrote: that is nobody's.
    ///
    /// # Errors
    /// As [`Cas::merge`].
    pub fn new(cas: &Cas, layers: Vec<StagedLayer>) -> Result<Self> {
        let laid: Vec<Layer<'_>> = layers
            .iter()
            .map(|layer| Layer { root: layer.tree, location: &layer.location, filter: None })
            .collect();
        let merged = cas.merge(&laid)?;
        Ok(Self { cas: cas.clone(), root: merged.root, origins: merged.origins, layers })
    }

    /// The trees, in the order of staging.
    #[must_use]
    pub fn layers(&self) -> &[StagedLayer] {
        &self.layers
    }

    /// The file or link at `path`. Links to directories on the way are followed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn at(&self, path: &str) -> Result<Option<Staged<'_>>> {
        let mut path = clean(path);
        for _ in 0..MOST_LINKS {
            if let Some(entry) = self.cas.lookup(&self.root, &path)? {
                return Ok(Content::of(entry).and_then(|content| self.owned(&path, content)));
            }
            let Some(real) = self.behind_link(&path)? else { return Ok(None) };
            path = real;
        }
        Ok(None)
    }

    fn owned(&self, path: &str, content: Content) -> Option<Staged<'_>> {
        let layer = self.layers.get(self.origins.layer_of(path))?;
        let location = clean(&layer.location);
        let inner =
            if location.is_empty() { path } else { path.strip_prefix(&location)?.strip_prefix('/')? };
        Some(Staged { content, layer, path: inner.to_owned() })
    }

    /// Where a path leads whose first missing step is behind a symbolic link.
    fn behind_link(&self, path: &str) -> Result<Option<String>> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends {
            let (parent, rest) = (&path[..end], &path[end + 1..]);
            match self.cas.lookup(&self.root, parent)? {
                Some(Entry::Directory(_)) => {}
                Some(Entry::Symlink(link)) => {
                    let folder = parent.rsplit_once('/').map_or("", |(folder, _)| folder);
                    return Ok(Some(join(&join(folder, &link.target), rest)));
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}
