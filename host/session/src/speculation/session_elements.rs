//! The elements that a session builds.

use spec_model::Digest;

/// The elements of a session.
pub(super) struct SessionElements {
    /// The elements that are going to be built, dependencies first.
    pub(super) to_build: Vec<usize>,
    /// By element, whether it takes part in speculation.
    pub(super) takes_part: Vec<bool>,
    /// By element, the files of its cached artifact.
    pub(super) files: Vec<Option<Digest>>,
    /// Whether the session builds nothing, and only primes.
    pub(super) is_priming_run: bool,
}
