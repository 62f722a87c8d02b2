//! The room spec-build.
