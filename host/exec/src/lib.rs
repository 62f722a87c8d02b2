//! The room spec-exec.
