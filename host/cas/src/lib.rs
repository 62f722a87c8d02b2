//! The room spec-cas.
