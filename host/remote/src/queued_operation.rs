//! Counts the actions that wait for a worker of a server.

use std::sync::atomic::Ordering;

use bazel_remote_apis::google::longrunning::Operation;
use spec_proto::reapi::execution_stage;
use spec_proto::{Message, reapi};

use crate::remote::Remote;
use crate::statistics::StatisticsCounters;

/// Whether an action waits for a worker. It does not any more when this is dropped.
pub(crate) struct QueuedOperation {
    remote: Remote,
    waits: bool,
}

impl QueuedOperation {
    /// An action of which the server has said nothing yet.
    pub(crate) fn new(remote: &Remote) -> Self {
        Self { remote: remote.clone(), waits: false }
    }

    /// Takes note of what the server says of the operation.
    pub(crate) fn note(&mut self, operation: &Operation) {
        let metadata = operation.metadata.as_ref();
        let stage = metadata.and_then(|any| reapi::ExecuteOperationMetadata::decode(&any.value[..]).ok());
        let queued = execution_stage::Value::Queued as i32;
        self.set(!operation.done && stage.is_some_and(|metadata| metadata.stage == queued));
    }

    fn set(&mut self, waits: bool) {
        let counter = &self.remote.counters().queued;
        match (self.waits, waits) {
            (false, true) => StatisticsCounters::add(counter, 1),
            (true, false) => _ = counter.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        self.waits = waits;
    }
}

impl Drop for QueuedOperation {
    fn drop(&mut self) {
        self.set(false);
    }
}
