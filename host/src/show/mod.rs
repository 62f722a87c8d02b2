//! Formats elements for `show`.

mod fields;
mod format;
mod json;
mod symbol;

pub(crate) use fields::{paint, value};
pub(crate) use format::ShowFormat;
pub(crate) use json::element as to_json;
pub(crate) use symbol::Symbol;
