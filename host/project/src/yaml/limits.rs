//! Limits on the cost of a project's files.

/// Limits on what is read, included and expanded.
pub(crate) struct Limits;

impl Limits {
    /// Bytes of one file.
    pub(crate) const BYTES: u64 = 16 << 20;
    /// Levels of nesting.
    pub(crate) const DEPTH: usize = 100;
    /// Files included while one file is processed.
    pub(crate) const INCLUDES: usize = 2000;
    /// Bytes of all files included while one file is processed, each as often as it is included.
    pub(crate) const INCLUDED: usize = 64 << 20;
    /// Bytes of one expanded variable or text.
    pub(crate) const EXPANDED: usize = 1 << 20;
    /// Bytes of all texts expanded with the variables of one element.
    pub(crate) const EXPANDED_TOGETHER: usize = 64 << 20;
}
