//! One attempt to have an action executed. Its priority may rise while it waits for a worker.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::RemoteError;
use crate::execute_request::{ActionToExecute, Ended};
use crate::operation::ExecutionStream;
use crate::remote::Remote;

/// The priority of an action that somebody waits for.
const REQUESTED: i32 = 0;

/// How urgent an action is: its priority rises when somebody waits for it.
pub(crate) struct Urgency<'a, F> {
    priority: watch::Sender<i32>,
    requested: Pin<&'a mut F>,
}

impl<'a, F: Future<Output = ()>> Urgency<'a, F> {
    /// An action of a priority, for which somebody waits when `requested` is over.
    pub(crate) fn new(priority: i32, requested: Pin<&'a mut F>) -> Self {
        Self { priority: watch::Sender::new(priority), requested }
    }

    /// The priority, which somebody may watch.
    pub(crate) fn watch(&self) -> watch::Receiver<i32> {
        self.priority.subscribe()
    }

    /// Waits until the priority rises; for ever if it does not.
    async fn rises(&mut self) {
        if *self.priority.borrow() <= REQUESTED {
            return pending().await;
        }
        self.requested.as_mut().await;
        self.priority.send_replace(REQUESTED);
    }
}

/// One attempt to have an action executed. REAPI has no request that changes the priority of an operation. So an action that waits
/// for a worker is asked for once more: servers join equal actions and take the higher priority. Where one executes both, the one
/// that ends first counts, and the other is cancelled.
pub(crate) struct ExecutionAttempt<'a> {
    remote: &'a Remote,
    action: &'a ActionToExecute,
    first: ExecutionStream<'a>,
    /// Few need it.
    urgent: OnceLock<Box<ExecutionStream<'a>>>,
}

impl<'a> ExecutionAttempt<'a> {
    pub(crate) fn new(remote: &'a Remote, action: &'a ActionToExecute, priority: i32) -> Self {
        let first = ExecutionStream::new(remote, action, priority);
        Self { remote, action, first, urgent: OnceLock::new() }
    }

    /// Follows the execution to its end.
    pub(crate) async fn follow<F: Future<Output = ()>>(
        &self,
        urgency: &mut Urgency<'_, F>,
    ) -> Result<Ended, RemoteError> {
        let mut first = pin!(self.first.follow());
        let rises = async {
            urgency.rises().await;
            if !self.first.stage.waits_for_worker().await {
                pending::<()>().await;
            }
        };
        tokio::select! {
            ended = &mut first => return ended,
            () = rises => {}
        }
        let new = || Box::new(ExecutionStream::new(self.remote, self.action, REQUESTED));
        let urgent = self.urgent.get_or_init(new);
        let ended = tokio::select! {
            ended = &mut first => ended?,
            ended = Box::pin(urgent.follow()) => match ended {
                Ok(ended @ Ended::Operation(_)) => ended,
                // It was to be no more than a second request for what is under way.
                Ok(Ended::Status(_)) | Err(_) => first.await?,
            },
        };
        if let Ended::Operation(operation) = &ended {
            // Both may have been told of one operation.
            self.first.is_over(&operation.name);
            urgent.is_over(&operation.name);
        }
        Ok(ended)
    }

    /// Waits until the action has waited for a worker for `limit` while somebody waits for it; for ever without a limit.
    pub(crate) async fn waits_too_long(&self, mut priority: watch::Receiver<i32>, limit: Option<Duration>) {
        let Some(limit) = limit else { return pending().await };
        if priority.wait_for(|priority| *priority <= REQUESTED).await.is_err() {
            pending::<()>().await;
        }
        self.first.stage.waits_longer_than(limit).await;
    }

    /// Tells the server that nobody waits for the operation any more, and waits until it has heard.
    pub(crate) async fn cancel(&self) {
        let urgent = async {
            if let Some(urgent) = self.urgent.get() {
                urgent.cancel().await;
            }
        };
        tokio::join!(self.first.cancel(), urgent);
    }
}
