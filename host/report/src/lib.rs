//! Shows a recording to people: a page of HTML that needs nothing else, and a trace for Perfetto.
//!
//! [`SessionTimes`] is what a recording says of when things happened. [`page`] draws it, with what replays of policies came to,
//! which the caller gives as [`ComparedPolicies`]. [`write_trace`] writes it as trace events. Both give the same output for the
//! same recording. Names, paths and settings in a recording come from projects and are not trusted: they are escaped and
//! shortened where they are written, and all numbers are checked when they are read. This crate runs no policy and reads nothing but the recording.

mod action_ends;
mod charts;
mod critical_path;
mod error;
mod html;
mod lanes;
mod page;
mod session_times;
mod svg_backend;
mod trace;

pub use error::{ReportError, Result};
pub use page::{ComparedPolicies, PolicyRow, page};
pub use session_times::SessionTimes;
pub use trace::write_trace;

#[cfg(test)]
mod samples;
