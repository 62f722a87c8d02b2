//! The contract of caches that have staged sources.

use spec_cas::CasError;
use spec_model::{Digest, Key};

use crate::monitor::FetchMonitor;

/// Where staged sources may be had, so that they need not be fetched. Trees that it answers with are in the store, whole.
pub trait SourceCache: Send + Sync {
    /// The tree of all sources of an element, by their key; `None` when it is not to be had.
    ///
    /// # Errors
    /// When the store fails.
    fn element_sources(&self, key: &Key, monitor: &FetchMonitor) -> Result<Option<Digest>, CasError>;

    /// The tree of one source, by its kind and key; `None` when it is not to be had.
    ///
    /// # Errors
    /// When the store fails.
    fn source(&self, kind: &str, key: &Key, monitor: &FetchMonitor) -> Result<Option<Digest>, CasError>;
}
