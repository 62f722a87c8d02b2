//! The contract of a source kind.

use std::fmt::Debug;

use spec_model::{Digest, FilePosition, Value};

use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;

/// A configured source.
pub trait Source: Debug + Send + Sync {
    /// The name of the source, for messages.
    fn name(&self) -> &SourceName;

    /// What the source contributes to cache keys, as BuildStream's plugin of that kind does; `None` without a ref.
    ///
    /// # Errors
    /// When local files cannot be read.
    fn unique_key(&self) -> Result<Option<Value>, SourceError>;

    /// The ref in the configuration, or the one that was set later.
    fn reference(&self) -> Option<Value>;

    /// Replaces the ref, after tracking.
    fn set_ref(&mut self, reference: Option<Value>);

    /// Whether nothing has to be fetched. As for BuildStream, a `file:` URL has to be.
    fn is_cached(&self) -> bool;

    /// Finds errors before anything is downloaded.
    ///
    /// # Errors
    /// `missing-ref`, `invalid-ref`, `invalid-source-url`.
    fn check(&self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Downloads the file, so that it can be staged.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), `download-failed`, `download-refused`, `wrong-ref`, `cancelled`.
    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError>;

    /// Finds a new ref; `None` for kinds that have none. Changes nothing.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    fn track(&self, monitor: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError>;

    /// Puts the source's files into the store and answers with the root of their tree.
    ///
    /// # Errors
    /// `source-not-fetched`, `wrong-ref`, or what is wrong with the files.
    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError>;

    /// Warnings about the configuration.
    fn warnings(&self) -> Vec<SourceWarning> {
        Vec::new()
    }
}

/// The outcome of tracking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedRef {
    /// The ref before.
    pub old: Option<Value>,
    /// The ref to write into the configuration.
    pub new: Value,
}

impl TrackedRef {
    /// Whether the ref differs.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.old.as_ref() != Some(&self.new)
    }
}

/// A warning that a project can make fatal by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceWarning {
    /// The name in project.conf's `fatal-warnings`.
    pub token: &'static str,
    /// For people.
    pub message: String,
    /// The place in the configuration.
    pub position: Option<FilePosition>,
}
