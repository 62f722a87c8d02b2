//! The room spec-strategy.
