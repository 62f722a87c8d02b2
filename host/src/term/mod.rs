//! What people see of a session, and what machines read of it.

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
pub(crate) use lines::{Detail, Lines};
pub(crate) use live::{Live, restore};
pub(crate) use output::{Guarded, print, tell};
pub(crate) use plain::Plain;
pub(crate) use style::{Ink, Style};
pub(crate) use text::{bytes, clean, fit, guarded, json_text, safe};

#[cfg(test)]
mod tests;
