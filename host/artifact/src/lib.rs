//! The room spec-artifact.
