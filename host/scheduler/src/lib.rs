//! The room spec-scheduler.
