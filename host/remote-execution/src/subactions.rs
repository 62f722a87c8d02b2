//! What actions requested through their sockets where a cluster executed them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_action::{NeededMessages, command_of_action, wire};
use spec_execution::unrequested_output;
use spec_model::{ActionResult, Cancel, Digest};
use spec_remote::{Remote, RemoteError};
use tokio::task::JoinSet;

use crate::error::RemoteExecutionError;
use crate::executor::RemoteExecutor;

/// Most actions that are asked for.
const MOST: usize = 20_000;
/// Bytes of all their results together.
const MOST_BYTES: usize = 64 << 20;
/// Questions at a time.
const PARALLEL: usize = 32;
/// How long the results may take, and then the messages. The build of the element waits for them.
const LIMIT: Duration = Duration::from_secs(30);

impl RemoteExecutor {
    /// Has the store have the messages of actions that were requested on the cluster, as far as it has them, and answers with
    /// their results, of which its action cache is asked. Blobs are what their digests say, and results have no other outputs
    /// than their commands ask for; that an element requested these actions is the cluster's word.
    pub(crate) fn find_subactions(
        &self,
        actions: &[Digest],
        cancel: &Cancel,
    ) -> HashMap<Digest, ActionResult> {
        let results = self.cluster().action_cache.clone();
        let actions: Vec<Digest> = actions.iter().take(MOST).copied().collect();
        let look = async move { Ok(results_of(&results, actions).await) };
        let Ok(mut found) = self.cancellable(look, cancel) else { return HashMap::new() };
        // What did not come is left out.
        let _ = self.fetch_messages(&found, cancel);
        let store = self.outputs().store();
        found.retain(|action, result| {
            let command = command_of_action(store, action);
            command.is_ok_and(|command| matches!(unrequested_output(&command, result), Ok(None)))
        });
        found
    }

    fn fetch_messages(
        &self,
        found: &HashMap<Digest, ActionResult>,
        cancel: &Cancel,
    ) -> Result<(), RemoteExecutionError> {
        let (store, end) = (self.outputs().store(), Instant::now() + LIMIT);
        let mut needed = NeededMessages::of(store, found.keys().copied());
        loop {
            let level = needed.level();
            if level.is_empty() {
                return Ok(());
            }
            let absent = store.missing(&level).map_err(RemoteError::Local)?;
            let (storage, receiver) = (self.cluster().storage.clone(), Arc::new(store.clone()));
            let left = end.saturating_duration_since(Instant::now());
            let download = async move {
                let downloaded =
                    tokio::time::timeout(left, storage.download_present(receiver, &absent)).await;
                downloaded.unwrap_or_else(|_| Ok(Vec::new())).map(drop)
            };
            self.cancellable(download, cancel)?;
            if Instant::now() >= end {
                return Ok(());
            }
            needed.descend();
        }
    }
}

/// The results that the action cache has of actions, until the first that it cannot be asked for.
async fn results_of(cache: &Remote, actions: Vec<Digest>) -> HashMap<Digest, ActionResult> {
    let (mut found, mut bytes) = (HashMap::new(), 0);
    let (mut running, mut waiting) = (JoinSet::new(), actions.into_iter());
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        while running.len() < PARALLEL
            && let Some(action) = waiting.next()
        {
            let cache = cache.clone();
            running.spawn(async move { (action, cache.action_result(&action).await) });
        }
        let Ok(Some(Ok((action, Ok(result))))) = tokio::time::timeout_at(end, running.join_next()).await
        else {
            return found;
        };
        let Some(result) = result else { continue };
        bytes += wire::action_result_to_bytes(&result).len();
        if bytes > MOST_BYTES {
            return found;
        }
        found.insert(action, result);
    }
}
