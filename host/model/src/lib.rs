//! The room spec-model.
