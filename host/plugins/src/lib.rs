//! The room spec-plugins.
