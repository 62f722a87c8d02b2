//! Results that a cluster answered with: nothing in them is believed before it was checked.

use std::collections::HashSet;

use spec_cas::CasError;
use spec_execution::{ExecutedAction, ExecutorTask, unrequested_output};
use spec_model::{ActionResult, Command, Digest, Outputs, StreamOutput};
use spec_remote::{RemoteError, RemoteResult};

use crate::cluster::Cluster;
use crate::error::RemoteExecutionError;
use crate::outputs::RemoteOutputs;
use crate::server_logs;

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
        let RemoteResult { mut result, cached, message, logs } = received;
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
        let logs = if result.exit_code == 0 { Vec::new() } else { logs };
        let logs = server_logs::ends(self.cluster, self.outputs.store(), &logs);
        let report = message.into_iter().chain(logs).reduce(|message, logs| format!("{message}\n{logs}"));
        Ok(ExecutedAction { result, cached, report })
    }

    /// An output that the command declares, and that the result of a command that succeeded does not have. That is no error: but
    /// a command seldom makes less than it says, and the result of another action has other outputs.
    pub(crate) fn lacking_output(&self, result: &ActionResult) -> Option<String> {
        let declared: Vec<&String> = match &self.command.outputs {
            Outputs::Paths(paths) => paths.iter().collect(),
            Outputs::Typed { files, directories } => files.iter().chain(directories).collect(),
        };
        let made: HashSet<&str> = output_paths(result).collect();
        let lacking = declared.into_iter().find(|path| !made.contains(path.as_str()));
        lacking.filter(|_| result.exit_code == 0).cloned()
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

/// Where the outputs of a result are.
pub(crate) fn output_paths(result: &ActionResult) -> impl Iterator<Item = &str> {
    let files = result.files.iter().map(|file| file.path.as_str());
    let directories = result.directories.iter().map(|directory| directory.path.as_str());
    files.chain(directories).chain(result.symlinks.iter().map(|symlink| symlink.path.as_str()))
}
