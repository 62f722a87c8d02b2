//! The project of a measurement.

/// What is built.
pub(super) struct Subject {
    /// For people.
    pub(super) title: String,
    /// The elements whose actions count. The last one is built, with all that it needs.
    pub(super) elements: Vec<String>,
}
