//! The elements that a session builds.

use spec_model::Digest;

/// What is planned for elements before the jobs run.
pub(crate) struct PlannedElements {
    /// The elements that are going to be built, dependencies first.
    pub(crate) to_build: Vec<usize>,
    /// The elements whose artifacts are going to be pulled, in order.
    pub(crate) to_pull: Vec<usize>,
    /// By element, the files of its cached artifact.
    pub(crate) files: Vec<Option<Digest>>,
}

/// The elements of a session.
pub(super) struct SessionElements {
    pub(super) planned: PlannedElements,
    /// By element, whether it takes part in speculation.
    pub(super) takes_part: Vec<bool>,
    /// Whether the session builds nothing, and only primes.
    pub(super) is_priming_run: bool,
}

impl SessionElements {
    /// Whether an element is going to be built.
    pub(super) fn is_built(&self, element: usize) -> bool {
        self.planned.to_build.binary_search(&element).is_ok()
    }

    /// Whether the artifact of an element is going to be pulled.
    pub(super) fn is_pulled(&self, element: usize) -> bool {
        self.planned.to_pull.binary_search(&element).is_ok()
    }
}
