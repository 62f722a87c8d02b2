//! Executing actions on a cluster.

use std::sync::Arc;

use spec_cas::{Cas, CasError};
use spec_execution::{ActionError, ExecutedAction, ExecutorTask};
use spec_model::{ActionResult, Cancel, Digest, Outputs};
use spec_remote::{ActionToExecute, ExecutionAnswer, RemoteError, RemoteResult, ServerLog};
use tokio::sync::oneshot;

use crate::cluster::Cluster;
use crate::error::RemoteExecutionError;
use crate::inputs::{UnknownInputs, find_present_trees};
use crate::lost_inputs::LostInputs;
use crate::outputs::RemoteOutputs;
use crate::received::ReceivedResult;
use crate::sent_action::SentAction;
use crate::server_logs;

/// REAPI's priority of the most urgent action that nobody has requested yet: behind requests, which have 0.
const PRIMED_PRIORITY: i32 = 100;
/// Executes actions on a cluster. Outputs stay there until somebody reads them through a handle on the store that has the
/// [`RemoteOutputs`].
#[derive(Debug)]
pub struct RemoteExecutor {
    cluster: Arc<Cluster>,
    outputs: Arc<RemoteOutputs>,
    cas: Cas,
}

/// One action that is being executed.
struct RemoteAction<'a> {
    executor: &'a RemoteExecutor,
    task: &'a ExecutorTask,
    cancel: &'a Cancel,
    sent: SentAction,
}

impl RemoteExecutor {
    /// An executor of actions whose messages and inputs are in the store `cas`.
    #[must_use]
    pub fn new(cluster: Arc<Cluster>, outputs: Arc<RemoteOutputs>, cas: &Cas) -> Arc<Self> {
        let cas = cas.clone().with_blob_source(Arc::<RemoteOutputs>::clone(&outputs));
        Arc::new(Self { cluster, outputs, cas })
    }

    /// The cluster.
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    pub(crate) fn outputs(&self) -> &RemoteOutputs {
        &self.outputs
    }

    /// Has the cluster's action cache keep the result of an action that was executed here, if it takes results from us. Does
    /// not wait for that.
    pub(crate) fn share(&self, task: &ExecutorTask, result: &ActionResult) {
        let results = self.cluster.action_cache.clone();
        // With user numbers of this session's own it would be another result than the cluster's.
        let is_ours_alone = task.granted.key() != task.granted.action();
        // It would not say what was requested through a socket, and so hide that from others.
        let loses_subactions = !result.subactions.is_empty();
        let is_of_use = result.exit_code == 0 && !task.action.do_not_cache && !loses_subactions;
        if !results.options().push || !is_of_use || is_ours_alone {
            return;
        }
        let Ok(blobs) = self.blobs_of_result(result) else { return };
        let Ok(sent) = SentAction::of(&self.cas, task, self.cluster.roots) else { return };
        let (storage, provider, action) =
            (self.cluster.storage.clone(), Arc::new(self.cas.clone()), sent.messages[0]);
        let result = result.clone();
        self.cluster.runtime.spawn(async move {
            // Without it the cluster has one result less.
            if storage.push(Arc::<Cas>::clone(&provider), &blobs).await.is_ok()
                && let Err(RemoteError::Lacks { .. }) = results.update_action_result(&action, &result).await
                // What it said to have before is not believed.
                && storage.upload(provider, &blobs).await.is_ok()
            {
                let _ = results.update_action_result(&action, &result).await;
            }
        });
    }

    /// All that a result names.
    fn blobs_of_result(&self, result: &ActionResult) -> Result<Vec<Digest>, CasError> {
        let mut blobs: Vec<Digest> = result.blobs().collect();
        for directory in &result.directories {
            if let Some(tree) = &directory.tree {
                blobs.extend(self.cas.files_of_tree_message(tree)?);
            }
            if let Some(root) = &directory.root {
                blobs.extend(self.cas.blobs_of_tree(root)?);
            }
        }
        Ok(blobs)
    }

    /// As [`Executor::expect_actions`](spec_execution::Executor::expect_actions).
    pub(crate) fn expect_actions(&self, inputs: &[Digest]) {
        self.cluster.connect();
        if !inputs.is_empty() {
            let (storage, cas, roots) = (self.cluster.storage.clone(), self.cas.clone(), inputs.to_vec());
            self.cluster.runtime.spawn(async move {
                // Actions ask again for what this does not find out.
                let _ = find_present_trees(&storage, cas, &roots).await;
            });
        }
    }

    /// Executes an action.
    pub(crate) fn try_execute(
        &self,
        task: &ExecutorTask,
        cancel: &Cancel,
    ) -> Result<ExecutedAction, RemoteExecutionError> {
        let sent = SentAction::of(&self.cas, task, self.cluster.roots)?;
        RemoteAction { executor: self, task, cancel, sent }.execute()
    }

    /// Runs requests that end when they are not wanted any more.
    pub(crate) fn cancellable<T: Send + 'static>(
        &self,
        requests: impl Future<Output = Result<T, RemoteError>> + Send + 'static,
        cancel: &Cancel,
    ) -> Result<T, RemoteExecutionError> {
        let (send, cancelled) = oneshot::channel::<()>();
        let _guard = cancel.on_cancel(move || _ = send.send(()));
        let either = async move {
            tokio::select! {
                done = requests => done.map(Some),
                () = told(cancelled) => Ok(None),
            }
        };
        let done = self.cluster.wait_for(either)?;
        done.ok_or(RemoteExecutionError::Action(ActionError::Cancelled))
    }
}

impl RemoteAction<'_> {
    /// Uploads what the cluster lacks, and executes; again if it has lost something meanwhile.
    fn execute(&self) -> Result<ExecutedAction, RemoteExecutionError> {
        let mut skip_cache_lookup = self.task.skip_cache_lookup;
        let mut lost = LostInputs::default();
        while lost.may_go_on() {
            self.upload_lost(lost.to_upload())?;
            let found = self.prepare(skip_cache_lookup)?;
            let answer = match found {
                Some(found) => ExecutionAnswer::Done(Box::new(found)),
                None => self.request(skip_cache_lookup)?,
            };
            match self.take(answer, skip_cache_lookup)? {
                Taken::Executed(executed) => return Ok(*executed),
                Taken::InputsLost(named) => {
                    let all = UnknownInputs::all(&self.executor.cas, &self.sent.messages, &self.sent.trees)?;
                    self.executor.cluster.storage.known().forget(lost.note(named, all));
                }
                Taken::Doubtful => {
                    skip_cache_lookup = true;
                    lost.note_loss();
                }
            }
        }
        let address = self.executor.cluster.address();
        let why = match lost.to_upload().first() {
            Some(digest) => format!("it goes on losing what the action needs, such as {digest}"),
            None => "it goes on losing what the action makes".to_owned(),
        };
        Err(RemoteError::Failed { address, action: "execute an action", why }.into())
    }

    /// Uploads inputs without asking whether they are there: the cluster has just said that they are not.
    fn upload_lost(&self, lost: &[Digest]) -> Result<(), RemoteExecutionError> {
        if lost.is_empty() {
            return Ok(());
        }
        let (storage, provider) = (self.executor.cluster.storage.clone(), self.executor.cas.clone());
        let blobs = lost.to_vec();
        let upload = async move {
            storage.upload(Arc::new(provider), &blobs).await?;
            storage.known().insert(&blobs);
            Ok(())
        };
        self.executor.cancellable(upload, self.cancel)
    }

    /// Has the cluster have all that it needs. Where something is not known to be there, looks for a result at the same time,
    /// and uploads nothing if there is one.
    fn prepare(&self, skip_cache_lookup: bool) -> Result<Option<RemoteResult>, RemoteExecutionError> {
        // The action cache's answer says nothing of what was requested through a socket; that of an execution does.
        let mut lookup = !skip_cache_lookup && !self.task.action.do_not_cache && !self.sent.wants_socket;
        loop {
            // What another action looks through and uploads at present is waited for.
            let claim = self.executor.cluster.storage.known().claim_trees(&self.sent.trees);
            let unknown = self.unknown(&claim.roots)?;
            if unknown.is_empty() && claim.others.is_empty() {
                return Ok(None);
            }
            if let Some(found) = self.upload_unless_found(unknown, lookup)? {
                return Ok(Some(found));
            }
            let others = claim.others.clone();
            drop(claim);
            if others.is_empty() {
                return Ok(None);
            }
            let wait = async move {
                others.over().await;
                Ok(())
            };
            self.executor.cancellable(wait, self.cancel)?;
            lookup = false;
        }
    }

    fn unknown(&self, trees: &[Digest]) -> Result<UnknownInputs, ActionError> {
        let RemoteExecutor { cluster, cas, .. } = self.executor;
        UnknownInputs::of(cas, cluster.storage.known(), &self.sent.messages, trees)
    }

    fn upload_unless_found(
        &self,
        unknown: UnknownInputs,
        lookup: bool,
    ) -> Result<Option<RemoteResult>, RemoteExecutionError> {
        let RemoteExecutor { cluster, cas, .. } = self.executor;
        let (messages, files) = (unknown.messages.clone(), unknown.files.clone());
        let (storage, results, provider) =
            (cluster.storage.clone(), cluster.action_cache.clone(), Arc::new(cas.clone()));
        let action = self.sent.messages[0];
        let prepare = async move {
            let mut found: Option<ActionResult> = None;
            let look = async {
                if lookup {
                    // A cache that fails has nothing; the cluster has its own.
                    found = results.action_result(&action).await.unwrap_or_default();
                }
                found.is_none()
            };
            // Boxed, so that what this thread moves on its stack is small.
            Box::pin(storage.ensure_present_if(provider, &messages, &files, look)).await?;
            Ok(found)
        };
        let found = self.executor.cancellable(prepare, self.cancel)?;
        unknown.note_present(cluster.storage.known());
        Ok(found.map(|result| RemoteResult { result, cached: true, message: None, logs: Vec::new() }))
    }

    fn request(&self, skip_cache_lookup: bool) -> Result<ExecutionAnswer, RemoteExecutionError> {
        let is_primed = self.task.is_primed();
        let request = ActionToExecute {
            action: self.sent.messages[0],
            skip_cache_lookup,
            priority: if is_primed { PRIMED_PRIORITY + self.task.priority } else { 0 },
            longest_wait: self.executor.cluster.longest_wait,
            // Who requested it reads its outputs next.
            inline_files: if is_primed { Vec::new() } else { self.files() },
        };
        let ((cancel, cancelled), (tell, requested)) = (oneshot::channel(), oneshot::channel());
        let _guard = self.cancel.on_cancel(move || _ = cancel.send(()));
        self.task.requested.on_request(move || _ = tell.send(()));
        let execution = self.executor.cluster.execution.clone();
        let execute = async move { execution.execute(&request, told(requested), told(cancelled)).await };
        Ok(self.executor.cluster.wait_for(execute)?)
    }

    fn files(&self) -> Vec<String> {
        match &self.sent.command.outputs {
            Outputs::Paths(paths) => paths.clone(),
            Outputs::Typed { files, .. } => files.clone(),
        }
    }

    /// Takes what the cluster answered. Unless `is_fresh`, the result may be one that it had.
    fn take(&self, answer: ExecutionAnswer, is_fresh: bool) -> Result<Taken, RemoteExecutionError> {
        let cluster = &*self.executor.cluster;
        let address = || cluster.address();
        let received = match answer {
            ExecutionAnswer::Done(received) => *received,
            ExecutionAnswer::Missing(digests) => return Ok(Taken::InputsLost(digests)),
            ExecutionAnswer::Busy(why) => return Err(RemoteExecutionError::Busy { address: address(), why }),
            ExecutionAnswer::Refused(why) | ExecutionAnswer::Invalid(why) => {
                let wants_socket = self.sent.wants_socket;
                return Err(RemoteExecutionError::Refused { address: address(), why, wants_socket });
            }
            ExecutionAnswer::TimedOut { result, logs } => return Err(self.timed_out(result, logs)),
            ExecutionAnswer::Cancelled => return Err(ActionError::Cancelled.into()),
        };
        let taken = ReceivedResult {
            cluster,
            outputs: self.executor.outputs(),
            task: self.task,
            command: &self.sent.command,
        };
        let lacking = taken.lacking_output(&received.result);
        if received.cached && !is_fresh && lacking.is_some() {
            return Ok(Taken::Doubtful);
        }
        match (taken.take(received), lacking) {
            (Err(RemoteExecutionError::Remote(RemoteError::Missing { digest, .. })), _) => {
                cluster.storage.known().forget([&digest]);
                Ok(Taken::Doubtful)
            }
            (Ok(executed), Some(path)) => {
                let executed = Box::new(executed);
                Err(RemoteExecutionError::Incomplete { address: address(), path, executed })
            }
            (other, _) => other.map(|executed| Taken::Executed(Box::new(executed))),
        }
    }

    fn timed_out(&self, result: Option<Box<ActionResult>>, logs: Vec<ServerLog>) -> RemoteExecutionError {
        let killed = || ActionResult { exit_code: 128 + 9, ..ActionResult::default() };
        // Its outputs were not checked, and nobody can have them.
        let result = result.map_or_else(killed, |result| ActionResult {
            files: Vec::new(),
            directories: Vec::new(),
            symlinks: Vec::new(),
            ..*result
        });
        let after = self.task.action.timeout.unwrap_or_default();
        let report = server_logs::ends(&self.executor.cluster, self.executor.outputs.store(), &logs);
        let executed = Box::new(ExecutedAction { result, cached: false, report });
        ActionError::TimedOut { after, executed }.into()
    }
}

/// Waits until somebody tells; for ever if nobody will.
async fn told(by: oneshot::Receiver<()>) {
    if by.await.is_err() {
        std::future::pending().await
    }
}

/// What an answer comes to.
enum Taken {
    Executed(Box<ExecutedAction>),
    /// The cluster does not have these inputs any more.
    InputsLost(Vec<Digest>),
    /// The result is an old one, and lacks outputs, or the cluster does not have them any more: the action is to be executed.
    Doubtful,
}
