//! The room spec-project.
