//! The exceptions of the shape test. An exception that is no longer needed fails the test.

/// Modules that use each other, as paths from the root of the crate in a folder, and why they may.
pub(crate) const CIRCLES: &[(&str, &str)] = &[];

/// Names that more than one type has of the crate in a folder.
pub(crate) const TYPE_NAMES: &[&str] = &[];

/// Functions that are longer, in a file: tables of cases, which would not be clearer in two functions.
#[rustfmt::skip]
pub(crate) const LONG_FUNCTIONS: &[&str] = &[
    // host/reapi/tests/inputs.rs
    "host/reapi/tests/inputs.rs: results_whose_outputs_cannot_be_are_refused",
];
