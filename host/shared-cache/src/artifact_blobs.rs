//! Which blobs an artifact consists of.

use std::collections::HashSet;

use spec_artifact::Artifact;
use spec_cas::{Cas, CasError, Need};
use spec_model::Digest;
use spec_remote::AssetReferences;

/// Blobs of records that an index is told of, at most: a message has room for 50,000 digests.
const MAX_REFERENCES: usize = 20_000;

/// What is sent of an artifact.
#[derive(Debug, Default)]
pub(crate) struct ArtifactBlobs {
    /// Every blob, each once.
    pub(crate) blobs: Vec<Digest>,
    /// What the record refers to, for the index.
    pub(crate) references: AssetReferences,
}

/// The trees of an artifact that are optional, as BuildStream names them to the index: whether they are here or not.
pub(crate) fn optional_trees(artifact: &Artifact) -> Vec<Digest> {
    let trees = &artifact.trees;
    let subsandboxes = artifact.sandbox.iter().flat_map(|sandbox| sandbox.subsandboxes.iter().copied());
    [trees.buildtree, trees.sources, trees.buildroot].into_iter().flatten().chain(subsandboxes).collect()
}

/// Our own records of an artifact, which BuildStream passes over.
pub(crate) fn own_records(artifact: &Artifact) -> Vec<Digest> {
    let records =
        [artifact.key_description, artifact.speculative_actions, artifact.subactions, artifact.misses];
    records.into_iter().flatten().collect()
}

/// What is sent of an artifact with the record `record`. `of_records` is what its own records need. Of optional trees, and of
/// what records need, only what is here is sent.
pub(crate) fn of_artifact(
    cas: &Cas,
    artifact: &Artifact,
    record: Digest,
    of_records: &[Need],
) -> Result<ArtifactBlobs, CasError> {
    let mut found = Found::default();
    if let Some(files) = &artifact.trees.files {
        found.add(cas.blobs_of_tree(files)?);
    }
    for tree in optional_trees(artifact) {
        if cas.is_complete(&tree)? {
            found.add(cas.blobs_of_tree(&tree)?);
        }
    }
    let mut references = AssetReferences {
        blobs: artifact.required_blobs(),
        directories: artifact.trees.files.into_iter().chain(optional_trees(artifact)).collect(),
    };
    found.add(references.blobs.iter().copied());
    let mut extras = Found::default();
    extras.add(own_records(artifact));
    for need in of_records {
        extras.add_need(cas, need)?;
    }
    let missing: HashSet<Digest> = cas.missing(&extras.order)?.into_iter().collect();
    let here: Vec<Digest> = extras.order.into_iter().filter(|digest| !missing.contains(digest)).collect();
    references.blobs.extend(here.iter().take(MAX_REFERENCES));
    found.add(here);
    found.add([record]);
    Ok(ArtifactBlobs { blobs: found.order, references })
}

/// Digests, each once, in the order in which they were found.
#[derive(Default)]
struct Found {
    seen: HashSet<Digest>,
    order: Vec<Digest>,
}

impl Found {
    fn add(&mut self, digests: impl IntoIterator<Item = Digest>) {
        for digest in digests {
            if self.seen.insert(digest) {
                self.order.push(digest);
            }
        }
    }

    fn add_need(&mut self, cas: &Cas, need: &Need) -> Result<(), CasError> {
        match need {
            Need::Blob(blob) => self.add([*blob]),
            Need::Tree(root) if cas.is_complete(root)? => self.add(cas.blobs_of_tree(root)?),
            Need::Tree(root) | Need::Directories(root) => self.add_directories(cas, root),
        }
        Ok(())
    }

    /// The directories of a tree, as far as they are here.
    fn add_directories(&mut self, cas: &Cas, root: &Digest) {
        let mut open = vec![*root];
        while let Some(digest) = open.pop() {
            if self.seen.contains(&digest) {
                continue;
            }
            if let Ok(directory) = cas.directory(&digest) {
                open.extend(directory.directories.iter().map(|child| child.digest));
                self.add([digest]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
