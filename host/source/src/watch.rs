//! How a caller follows a fetch, and stops it.

use std::fmt;
use std::sync::Arc;

use spec_model::Cancel;

type Report = dyn Fn(u64, Option<u64>) + Send + Sync;

/// Progress out, cancelling in. Clones share both.
#[derive(Clone)]
pub struct Watch {
    /// Asks to stop; what runs ends with reason `cancelled` soon after.
    pub cancel: Cancel,
    report: Arc<Report>,
}

impl Watch {
    /// Calls `report` with the bytes read so far and their total number, when it is known. It is called often, from
    /// other threads, and should be quick.
    #[must_use]
    pub fn new(cancel: Cancel, report: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
        Self { cancel, report: Arc::new(report) }
    }

    /// Follows nothing.
    #[must_use]
    pub fn quiet(cancel: Cancel) -> Self {
        Self::new(cancel, |_, _| {})
    }

    pub(crate) fn report(&self, bytes: u64, total: Option<u64>) {
        (self.report)(bytes, total);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({:?})", self.cancel)
    }
}
