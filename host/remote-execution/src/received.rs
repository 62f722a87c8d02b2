//! Results that a cluster answered with: nothing in them is believed before it was checked.

use spec_cas::CasError;
use spec_execution::{ExecutedAction, ExecutorTask, unrequested_output};
use spec_model::{ActionResult, Command, Digest, StreamOutput};
use spec_remote::{RemoteError, RemoteResult};

use crate::cluster::Cluster;
use crate::error::RemoteExecutionError;
use crate::outputs::RemoteOutputs;

/// What the result was asked for with, for errors.
const EXECUTE: &str = "execute an action";

/// Takes the result of an action.
pub(crate) struct ReceivedResult<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) outputs: &'a RemoteOutputs,
    pub(crate) task: &'a ExecutorTask,
    pub(crate) command: &'a Command,
}

impl ReceivedResult<'_> {
    /// Checks a result and notes where its outputs are. Contents that came with it are stored; so are the directories of its
    /// trees.
    ///
    /// # Errors
    /// `remote-broken` when it is not what was asked for or contradicts itself; `remote-missing` when a tree that it names is
    /// gone.
    pub(crate) fn take(&self, received: RemoteResult) -> Result<ExecutedAction, RemoteExecutionError> {
        let RemoteResult { mut result, cached, message } = received;
        if let Some(path) = unrequested_output(self.command, &result)? {
            return Err(self.broken(format!("its result has the output '{path}', which is not asked for")));
        }
        self.store_contents(&mut result)?;
        let mut outputs: Vec<Digest> = result.blobs().collect();
        self.cluster.storage.known().insert(&outputs);
        self.outputs.add(self.task, &outputs).map_err(spec_execution::ActionError::from)?;
        outputs.clear();
        for directory in &result.directories {
            if let Some(tree) = &directory.tree {
                outputs.extend(self.files_of_tree_message(tree)?);
            }
            if let Some(root) = directory.root {
                let (storage, store) = (self.cluster.storage.clone(), self.outputs.store().clone());
                let pull = async move { storage.pull_directories(&store, &root).await };
                outputs.extend(self.cluster.wait_for(pull)?);
            }
        }
        self.cluster.storage.known().insert(&outputs);
        self.outputs.add(self.task, &outputs).map_err(spec_execution::ActionError::from)?;
        Ok(ExecutedAction { result, cached, report: message })
    }

    fn files_of_tree_message(&self, tree: &Digest) -> Result<Vec<Digest>, RemoteExecutionError> {
        let store = self.outputs.store();
        if !store.contains(tree).map_err(spec_execution::ActionError::from)? {
            let (storage, receiver, wanted) =
                (self.cluster.storage.clone(), std::sync::Arc::new(store.clone()), *tree);
            self.cluster.wait_for(async move { storage.download(receiver, &[wanted]).await.map(drop) })?;
        }
        store.files_of_tree_message(tree).map_err(|error| match error {
            CasError::BadDirectory { .. } => self.broken(error.to_string()),
            other => RemoteExecutionError::Action(other.into()),
        })
    }

    /// Stores what the result has of contents, if they have the digests that it says.
    fn store_contents(&self, result: &mut ActionResult) -> Result<(), RemoteExecutionError> {
        for file in result.files.iter_mut().filter(|file| !file.contents.is_empty()) {
            let contents = std::mem::take(&mut file.contents);
            self.store_as(&file.path, &contents, &file.digest)?;
        }
        for (name, stream) in [("stdout", &result.stdout), ("stderr", &result.stderr)] {
            let StreamOutput { raw, digest } = stream;
            if let Some(digest) = digest.as_ref().filter(|_| !raw.is_empty()) {
                self.store_as(name, raw, digest)?;
            }
        }
        Ok(())
    }

    fn store_as(&self, what: &str, contents: &[u8], digest: &Digest) -> Result<(), RemoteExecutionError> {
        let store = self.outputs.store();
        if store.digest(contents) != *digest {
            return Err(self.broken(format!("the contents of '{what}' in its result are not {digest}")));
        }
        store.put_bytes(contents).map_err(spec_execution::ActionError::from)?;
        Ok(())
    }

    fn broken(&self, why: String) -> RemoteExecutionError {
        let address = self.cluster.address();
        RemoteExecutionError::Remote(RemoteError::Broken { address, action: EXECUTE, why })
    }
}
