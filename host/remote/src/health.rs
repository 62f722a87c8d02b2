//! Whether a server answers. One that does not is left alone for a while, so that what depends on it fails at once and
//! can be done otherwise.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

/// The pause after which a server that is away is asked again; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long others wait for the one who asks whether the server is back.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// Whether a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteHealth {
    /// It answers, or was not asked yet.
    Available,
    /// All attempts of an operation failed.
    Away {
        /// Since when.
        since: SystemTime,
        /// What the last attempt came to.
        why: String,
    },
}

/// Processes behind one address that can be away without each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerPart {
    /// The scheduler.
    Execution,
    /// All else: blobs, results of actions, assets.
    Storage,
}

/// Decides which requests are sent to a server.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker {
    absence: Mutex<Option<Absence>>,
    probe_ended: Notify,
    /// How often it was away.
    absences: AtomicU64,
}

/// The server is away.
#[derive(Debug)]
struct Absence {
    since: SystemTime,
    why: String,
    pause: Duration,
    ask_again: Instant,
    /// Somebody asks whether it is back.
    probing: bool,
}

/// Whether a request may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The server answers as far as is known.
    Usual,
    /// It is asked whether it is back: once, without retries.
    Probe,
    /// It is away.
    None {
        /// What was found out when it was last asked.
        why: String,
        /// Whether somebody asks at present.
        probing: bool,
    },
}

impl CircuitBreaker {
    /// Whether a request may be sent. While somebody asks whether the server is back this waits for the answer, but not for
    /// long.
    pub(crate) async fn wait_for_admission(&self) -> Admission {
        let answered = self.probe_ended.notified();
        let mut answered = std::pin::pin!(answered);
        answered.as_mut().enable();
        match self.admit(Instant::now()) {
            Admission::None { probing: true, .. } => {
                let _ = tokio::time::timeout(PROBE_WAIT, answered).await;
                self.admit(Instant::now())
            }
            other => other,
        }
    }

    /// Whether a request may be sent at `now`.
    fn admit(&self, now: Instant) -> Admission {
        match &mut *self.lock() {
            None => Admission::Usual,
            Some(absence) if !absence.probing && now >= absence.ask_again => {
                absence.probing = true;
                Admission::Probe
            }
            Some(absence) => Admission::None { why: absence.why.clone(), probing: absence.probing },
        }
    }

    /// The server answered.
    pub(crate) fn answered(&self) {
        *self.lock() = None;
        self.probe_ended.notify_waiters();
    }

    /// All attempts of an operation failed, the last at `now`.
    pub(crate) fn failed(&self, admission: &Admission, why: &str, now: Instant) {
        let mut state = self.lock();
        match &mut *state {
            Some(absence) if *admission == Admission::Probe => {
                absence.pause = (absence.pause * 2).min(LONGEST_PAUSE);
                absence.ask_again = now + absence.pause;
                absence.probing = false;
                why.clone_into(&mut absence.why);
                self.probe_ended.notify_waiters();
            }
            // It was found out already.
            Some(_) => {}
            None => {
                self.absences.fetch_add(1, Ordering::Relaxed);
                let (since, why, ask_again) = (SystemTime::now(), why.to_owned(), now + FIRST_PAUSE);
                *state = Some(Absence { since, why, pause: FIRST_PAUSE, ask_again, probing: false });
            }
        }
    }

    /// A probe was given up without an answer: somebody else may ask.
    pub(crate) fn probe_given_up(&self) {
        if let Some(absence) = &mut *self.lock() {
            absence.probing = false;
        }
        self.probe_ended.notify_waiters();
    }

    pub(crate) fn is_away(&self) -> bool {
        self.lock().is_some()
    }

    /// How often it was away so far.
    pub(crate) fn absences(&self) -> u64 {
        self.absences.load(Ordering::Relaxed)
    }

    pub(crate) fn health(&self) -> RemoteHealth {
        match &*self.lock() {
            None => RemoteHealth::Available,
            Some(absence) => RemoteHealth::Away { since: absence.since, why: absence.why.clone() },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Absence>> {
        self.absence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
