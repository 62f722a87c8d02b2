//! The blobs that a cluster needs to execute an action.

use std::collections::HashSet;

use spec_cas::Cas;
use spec_execution::ActionError;
use spec_model::Digest;
use spec_remote::{KnownBlobs, Remote};
use tokio::task::spawn_blocking;

use crate::error::RemoteExecutionError;

/// The blobs of an action that the cluster is not known to have.
#[derive(Debug, Default)]
pub(crate) struct UnknownInputs {
    /// The action, its command, and directories.
    pub(crate) messages: Vec<Digest>,
    pub(crate) files: Vec<Digest>,
    /// The directories that were looked at: once the blobs are there, the trees below them are whole.
    pub(crate) directories: Vec<Digest>,
}

/// Asks which blobs of these trees the cluster has, and uploads nothing. Actions wait meanwhile, and do not ask again.
///
/// # Errors
/// When the cluster cannot be reached, or a directory is nowhere.
pub(crate) async fn find_present_trees(
    storage: &Remote,
    cas: Cas,
    roots: &[Digest],
) -> Result<(), RemoteExecutionError> {
    let claim = storage.known().claim_trees(roots);
    let (known, roots) = (storage.clone(), claim.roots.clone());
    let look = move || UnknownInputs::of(&cas, known.known(), &[], &roots);
    let unknown = spawn_blocking(look).await.map_err(|_| ActionError::Cancelled)??;
    storage.find_present(&[&unknown.messages[..], &unknown.files[..]].concat()).await?;
    unknown.note_present(storage.known());
    Ok(())
}

impl UnknownInputs {
    /// Looks which of an action's blobs the cluster is not known to have. Only directory messages are read, and only of trees
    /// that are not known to be whole there.
    ///
    /// # Errors
    /// [`ActionError::Missing`] when a directory is nowhere.
    pub(crate) fn of(
        cas: &Cas,
        known: &KnownBlobs,
        messages: &[Digest],
        trees: &[Digest],
    ) -> Result<Self, ActionError> {
        let (mut files, mut directories) = (HashSet::new(), HashSet::new());
        let mut open: Vec<Digest> = trees.to_vec();
        while let Some(digest) = open.pop() {
            if directories.contains(&digest) || known.contains_tree(&digest) {
                continue;
            }
            let directory = cas.directory(&digest)?;
            directories.insert(digest);
            let below: Vec<Digest> = directory.files.iter().map(|file| file.digest).collect();
            files.extend(known.unknown(&below));
            open.extend(directory.directories.iter().map(|child| child.digest));
        }
        let directories: Vec<Digest> = directories.into_iter().collect();
        let messages = known.unknown(&[messages, &directories[..]].concat());
        Ok(Self { messages, files: files.into_iter().collect(), directories })
    }

    /// All blobs of an action, whether the cluster is known to have them or not.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn all(cas: &Cas, messages: &[Digest], trees: &[Digest]) -> Result<Vec<Digest>, ActionError> {
        let Self { messages, files, .. } = Self::of(cas, &KnownBlobs::default(), messages, trees)?;
        Ok([messages, files].concat())
    }

    /// Notes that the trees are whole there, if all is known to be there by now.
    pub(crate) fn note_present(&self, known: &KnownBlobs) {
        if known.unknown(&[&self.messages[..], &self.files[..]].concat()).is_empty() {
            known.insert_trees(&self.directories);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.files.is_empty() && self.directories.is_empty()
    }
}
