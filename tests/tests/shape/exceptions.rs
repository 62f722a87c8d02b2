//! The exceptions of the shape test. An exception that is no longer needed fails the test.

/// Modules that use each other, as paths from the root of the crate in a folder, and why they may.
#[rustfmt::skip]
pub(crate) const CIRCLES: &[(&str, &str)] = &[];

/// Names that more than one type has of the crate in a folder.
#[rustfmt::skip]
pub(crate) const TYPE_NAMES: &[&str] = &[
    // guest-sdk
    "guest-sdk: Exported",
    "guest-sdk: Policy",
];

/// Functions that are longer, in a file.
#[rustfmt::skip]
pub(crate) const LONG_FUNCTIONS: &[&str] = &[
    // host/reapi/tests/inputs.rs
    "host/reapi/tests/inputs.rs: results_whose_outputs_cannot_be_are_refused",
];
