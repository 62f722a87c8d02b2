//! The room spec-source.
