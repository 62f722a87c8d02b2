//! Tests of the whole crate.

mod prototype_failures;
mod rebuilds;
