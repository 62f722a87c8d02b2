//! The events of a session, and the channel on which builds send them to the speculation loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use spec_model::{AnswerSource, Digest};
use spec_recording::message::Cost;
use spec_speculation::priming::ExecutionEnd;
use spec_speculation::{Content, ExpandedRecord, Miss, PredictionResult, SpeculationTotals};

/// The number of events about requests that may wait in the channel. Further ones are counted and not sent.
const MAX_WAITING_REQUESTS: usize = 2048;
/// How long a build waits for what came of its predictions. Afterwards its record is made without.
const PREDICTIONS_DEADLINE: Duration = Duration::from_secs(1);
/// How long the end of the session waits for the totals. Both policies may hang once, for 5 s each.
const TOTALS_DEADLINE: Duration = Duration::from_secs(12);

/// Something that happened in the session. Elements are numbers of the project.
#[derive(Debug)]
pub(super) enum SpeculationEvent {
    /// A build requested an action that the action cache does not have.
    Requested { element: usize, action: Digest },
    /// A build requested an action on another machine some time ago; whether it was executed for that request is not known.
    RequestedBefore { element: usize, action: Digest },
    /// A request of a build was answered; without outputs if it failed.
    Answered { element: usize, action: Digest, answered: AnswerSource, outputs: Option<OutputFiles> },
    /// An execution of a primed action ended; its number is that of the submission.
    ExecutionEnded { submission: u64, end: ExecutionEnd, cost: Option<Cost> },
    /// The build of an element begins.
    BuildBegins { element: usize },
    /// The sources of an element are staged.
    SourcesStaged { element: usize, tree: Digest },
    /// The artifact of an element is cached; it may have no files.
    ArtifactCached { element: usize, files: Option<Digest> },
    /// The pull of records ended, with these, dependencies first.
    RecordsPulled { records: Vec<PulledRecord> },
    /// A build asks what came of the predictions for its element.
    PredictionsWanted { element: usize, reply: SyncSender<ElementPredictions> },
    /// The job that builds an element ended.
    BuildEnded { element: usize },
    /// A job waits until all is done that follows from the events before this one, and no primed action runs.
    IdleWanted { reply: SyncSender<()> },
    /// The session ends.
    SessionEnded { reply: SyncSender<SpeculationTotals> },
}

/// How the speculation loop ended.
#[derive(Debug)]
pub(super) enum LoopEnd {
    Totals(SpeculationTotals),
    /// There was nothing to predict, or it has ended before.
    NoRecords,
    NoAnswer,
}

/// What came of the predictions for an element.
#[derive(Debug, Default)]
pub(super) struct ElementPredictions {
    pub(super) results: Vec<PredictionResult>,
    pub(super) misses: Vec<Miss>,
}

/// A record that was pulled, with the messages that could be had.
#[derive(Debug)]
pub(super) struct PulledRecord {
    pub(super) element: usize,
    pub(super) expanded: ExpandedRecord,
}

/// The files that an action wrote, by path.
pub(super) type OutputFiles = Vec<(String, Content)>;

/// Sends events to the speculation loop. Sending never waits, and has no effect once the loop has ended.
///
/// The channel has no fixed size, and is bounded nevertheless: by [`MAX_WAITING_REQUESTS`], and for other events by the
/// jobs of the session (a few events each) and the submissions of the loop itself (one event each).
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    events: Sender<SpeculationEvent>,
    waiting_requests: Arc<AtomicUsize>,
    dropped_requests: Arc<AtomicU64>,
}

/// Receives the events of the session.
#[derive(Debug)]
pub(super) struct EventReceiver {
    events: Receiver<SpeculationEvent>,
    waiting_requests: Arc<AtomicUsize>,
}

impl EventSender {
    pub(super) fn new() -> (Self, EventReceiver) {
        let (sender, receiver) = channel();
        let waiting_requests = Arc::new(AtomicUsize::new(0));
        let receiver = EventReceiver { events: receiver, waiting_requests: Arc::clone(&waiting_requests) };
        (Self { events: sender, waiting_requests, dropped_requests: Arc::default() }, receiver)
    }

    /// Sends an event about a request, unless too many are waiting: then it corrects no predictions.
    pub(super) fn send_request(&self, event: SpeculationEvent) {
        let waiting = self.waiting_requests.fetch_add(1, Ordering::Relaxed);
        if waiting >= MAX_WAITING_REQUESTS {
            self.waiting_requests.fetch_sub(1, Ordering::Relaxed);
            self.dropped_requests.fetch_add(1, Ordering::Relaxed);
        } else {
            self.send(event);
        }
    }

    /// The number of events about requests that were not sent.
    pub(super) fn dropped_requests(&self) -> u64 {
        self.dropped_requests.load(Ordering::Relaxed)
    }

    /// Sends any other event.
    pub(super) fn send(&self, event: SpeculationEvent) {
        // It fails only when the loop has ended.
        let _ = self.events.send(event);
    }

    /// Asks what came of the predictions for an element. Waits for at most [`PREDICTIONS_DEADLINE`].
    pub(super) fn predictions(&self, element: usize) -> ElementPredictions {
        let (reply, answer) = sync_channel(1);
        self.send(SpeculationEvent::PredictionsWanted { element, reply });
        answer.recv_timeout(PREDICTIONS_DEADLINE).unwrap_or_default()
    }

    /// Waits until the loop has nothing to do and no primed action runs, or until `is_cancelled`, which is asked once a
    /// second. Every primed action ends by its own time-out.
    pub(super) fn wait_until_idle(&self, is_cancelled: impl Fn() -> bool) {
        let (reply, idle) = sync_channel(1);
        self.send(SpeculationEvent::IdleWanted { reply });
        while idle.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            if is_cancelled() {
                return;
            }
        }
    }

    /// Ends the loop. Waits for at most [`TOTALS_DEADLINE`].
    pub(super) fn end_session(&self) -> LoopEnd {
        let (reply, answer) = sync_channel(1);
        self.send(SpeculationEvent::SessionEnded { reply });
        match answer.recv_timeout(TOTALS_DEADLINE) {
            Ok(totals) => LoopEnd::Totals(totals),
            Err(RecvTimeoutError::Disconnected) => LoopEnd::NoRecords,
            Err(RecvTimeoutError::Timeout) => LoopEnd::NoAnswer,
        }
    }
}

impl EventReceiver {
    /// Waits for an event for at most `timeout`; `None` after that time.
    ///
    /// # Errors
    /// When all senders are gone.
    pub(super) fn next(&self, timeout: Duration) -> Result<Option<SpeculationEvent>, Disconnected> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => Ok(Some(self.count(event))),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Disconnected),
        }
    }

    /// The events that are waiting.
    pub(super) fn waiting(&self) -> impl Iterator<Item = SpeculationEvent> {
        self.events.try_iter().map(|event| self.count(event))
    }

    fn count(&self, event: SpeculationEvent) -> SpeculationEvent {
        if matches!(
            event,
            SpeculationEvent::Requested { .. }
                | SpeculationEvent::RequestedBefore { .. }
                | SpeculationEvent::Answered { .. }
        ) {
            self.waiting_requests.fetch_sub(1, Ordering::Relaxed);
        }
        event
    }
}

/// All senders of events are gone.
#[derive(Debug)]
pub(super) struct Disconnected;

#[cfg(test)]
mod tests;
