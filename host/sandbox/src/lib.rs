//! The room spec-sandbox.
