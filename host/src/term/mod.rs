//! Output of sessions for people and for machines.

mod ask;
mod failure;
mod json;
mod lines;
mod live;
mod output;
mod plain;
mod style;
mod text;
mod time;

pub(crate) use ask::{FailureHelper, ask};
pub(crate) use json::JsonEvents;
pub(crate) use lines::{LineFormatter, UserFormat, Verbosity};
pub(crate) use live::{LiveView, restore};
pub(crate) use output::{SanitizingWriter, write_stderr, write_stdout};
pub(crate) use plain::PlainLog;
pub(crate) use style::{Style, TextRole};
pub(crate) use text::{format_size, json_text, sanitize_line, sanitize_lines, truncate_with_mark};

#[cfg(test)]
mod tests;
