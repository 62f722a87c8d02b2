//! Progress, warnings and cancelling of a fetch.

use std::fmt;
use std::sync::Arc;

use spec_model::Cancel;

type Report = dyn Fn(u64, Option<u64>) + Send + Sync;
type Warn = dyn Fn(&str, &str) + Send + Sync;

/// Takes the reports of a fetch and lets the caller cancel it. Clones share both.
#[derive(Clone)]
pub struct FetchMonitor {
    /// Cancels; a running fetch ends soon with reason `cancelled`.
    pub cancel: Cancel,
    report: Arc<Report>,
    warn: Arc<Warn>,
    note: Arc<Warn>,
}

impl FetchMonitor {
    /// Calls `report` with the bytes read so far and their total number, when it is known. It is called often, from
    /// other threads, and should be quick.
    #[must_use]
    pub fn new(cancel: Cancel, report: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
        Self { cancel, report: Arc::new(report), warn: Arc::new(|_, _| {}), note: Arc::new(|_, _| {}) }
    }

    /// Calls `warn` with a stable code and a sentence for problems that do not end the work.
    #[must_use]
    pub fn with_warnings(mut self, warn: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.warn = Arc::new(warn);
        self
    }

    /// Calls `note` with a stable code and a sentence when something happens that the user may want to know.
    #[must_use]
    pub fn with_notes(mut self, note: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.note = Arc::new(note);
        self
    }

    /// A monitor that ignores reports.
    #[must_use]
    pub fn silent(cancel: Cancel) -> Self {
        Self::new(cancel, |_, _| {})
    }

    /// Tells something that the user may want to know.
    pub fn note(&self, reason: &str, text: &str) {
        (self.note)(reason, text);
    }

    /// Tells something that is wrong and does not end the work.
    pub fn warn(&self, reason: &str, text: &str) {
        tracing::debug!("{reason}: {text}");
        (self.warn)(reason, text);
    }

    pub(crate) fn report(&self, bytes: u64, total: Option<u64>) {
        (self.report)(bytes, total);
    }
}

impl fmt::Debug for FetchMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchMonitor({:?})", self.cancel)
    }
}
