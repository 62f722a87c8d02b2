//! How far an operation has come on a server, as far as that tells.

use std::future::pending;
use std::time::{Duration, Instant};

use bazel_remote_apis::google::longrunning::Operation;
use spec_proto::reapi::execution_stage;
use spec_proto::{Message, reapi};
use tokio::sync::watch;

use crate::remote::Remote;
use crate::stage_counters::OperationStage;

/// The stage of an operation, which somebody may wait for. Operations that wait for a worker are counted until this is dropped.
pub(crate) struct ObservedStage {
    remote: Remote,
    stage: watch::Sender<OperationStage>,
}

impl ObservedStage {
    /// The stage of an operation of which the server has said nothing yet.
    pub(crate) fn new(remote: &Remote) -> Self {
        Self { remote: remote.clone(), stage: watch::Sender::new(OperationStage::Unknown) }
    }

    /// Takes note of what the server says of the operation.
    pub(crate) fn note(&self, operation: &Operation) {
        let metadata = operation.metadata.as_ref();
        let metadata = metadata.and_then(|any| reapi::ExecuteOperationMetadata::decode(&any.value[..]).ok());
        let queued = execution_stage::Value::Queued as i32;
        match metadata.map(|metadata| metadata.stage) {
            _ if operation.done => self.set(OperationStage::Ended),
            Some(stage) if stage == queued && self.stage.borrow().is_queued() => {}
            Some(stage) if stage == queued => self.set(OperationStage::Queued(Instant::now())),
            Some(stage) if stage > queued => self.set(OperationStage::Executing),
            _ => {}
        }
    }

    /// Waits until the server has said how far it is; whether it waits for a worker then.
    pub(crate) async fn waits_for_worker(&self) -> bool {
        let mut stage = self.stage.subscribe();
        let told = stage.wait_for(|stage| !matches!(stage, OperationStage::Unknown)).await;
        told.is_ok_and(|stage| stage.is_queued())
    }

    /// Waits until it has waited for a worker for so long.
    pub(crate) async fn waits_longer_than(&self, limit: Duration) {
        let mut stage = self.stage.subscribe();
        loop {
            if stage.wait_for(|stage| stage.is_queued()).await.is_err() {
                pending::<()>().await;
            }
            let leaves = stage.wait_for(|stage| !stage.is_queued());
            if tokio::time::timeout(limit, leaves).await.is_err() {
                return;
            }
        }
    }

    fn set(&self, stage: OperationStage) {
        let before = self.stage.send_replace(stage);
        self.remote.counters().stages.change(before, stage);
    }
}

impl Drop for ObservedStage {
    fn drop(&mut self) {
        self.set(OperationStage::Ended);
    }
}
