//! Telling one who waits, each stage once and in order.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use spec_model::{Answered, Digest, Subaction};

use super::{Answer, Done, Progress, Recording};

/// One who waits for an answer.
pub(crate) struct Listener {
    action: Digest,
    recording: Recording,
    asked: (SystemTime, Instant),
    told: Mutex<u8>,
    call: Box<dyn Fn(Progress) + Send + Sync>,
}

impl Listener {
    pub(crate) fn new(
        action: Digest,
        recording: Recording,
        call: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Self {
        let asked = (SystemTime::now(), Instant::now());
        Self { action, recording, asked, told: Mutex::new(0), call: Box::new(call) }
    }

    /// Tells of a stage, unless a later one was told already. Records the answer.
    pub(crate) fn tell(&self, progress: Progress) {
        let stage = match &progress {
            Progress::Queued => 1,
            Progress::Executing => 2,
            Progress::Completed(_) => 3,
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told >= stage {
            return;
        }
        *told = stage;
        if let Progress::Completed(Ok(done)) = &progress {
            self.record(done);
        }
        (self.call)(progress);
    }

    /// Tells of the answer of a flight; all but the first of its waiters have joined it.
    pub(crate) fn answer(&self, answer: &Answer, joined: bool) {
        let answer = match answer {
            Ok(done) if joined && done.answered == Answered::Executed => {
                Ok(Done { answered: Answered::Joined, ..Done::clone(done) }.into())
            }
            other => other.clone(),
        };
        self.tell(Progress::Completed(answer));
    }

    fn record(&self, done: &Done) {
        let (asked, since) = self.asked;
        self.recording.record(|| Subaction {
            action: self.action,
            answered: done.answered,
            asked,
            took: since.elapsed(),
            result: done.result.clone(),
        });
    }
}
