//! Telling one who waits, each stage once and in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use spec_model::{AnswerSource, Digest, Subaction};

use crate::outcome::{ActionAnswer, ActionError, AnsweredAction};
use crate::recorder::Recording;
use crate::request::Progress;

/// One who waits for an answer.
pub(crate) struct RequestListener {
    action: Digest,
    recording: Recording,
    asked: (SystemTime, Instant),
    told: Mutex<u8>,
    joined: AtomicBool,
    call: Box<dyn Fn(Progress) + Send + Sync>,
}

impl RequestListener {
    pub(crate) fn new(
        action: Digest,
        recording: Recording,
        call: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Self {
        let asked = (SystemTime::now(), Instant::now());
        Self {
            action,
            recording,
            asked,
            told: Mutex::new(0),
            joined: AtomicBool::new(false),
            call: Box::new(call),
        }
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
        if let Progress::Completed(answer) = &progress {
            self.record(answer);
        }
        (self.call)(progress);
    }

    /// Tells of the answer of a execution; all but the first of its waiters have joined it.
    pub(crate) fn answer(&self, answer: &ActionAnswer, joined: bool) {
        self.joined.store(joined, Ordering::Relaxed);
        let answer = match answer {
            Ok(done) if joined && done.answered == AnswerSource::Executed => {
                Ok(AnsweredAction { answered: AnswerSource::Joined, ..AnsweredAction::clone(done) }.into())
            }
            other => other.clone(),
        };
        self.tell(Progress::Completed(answer));
    }

    /// What ended because nobody waited for it any more is no answer.
    fn record(&self, answer: &ActionAnswer) {
        if matches!(answer, Err(ActionError::Cancelled)) {
            return;
        }
        let joined = self.joined.load(Ordering::Relaxed);
        let (asked, since) = self.asked;
        self.recording.record(|| Subaction {
            action: self.action,
            answered: match answer {
                Ok(done) => done.answered,
                Err(_) if joined => AnswerSource::Joined,
                Err(_) => AnswerSource::Executed,
            },
            asked,
            took: since.elapsed(),
            outcome: answer.as_ref().map(|done| done.result.clone()).map_err(ActionError::as_failure),
        });
    }
}
