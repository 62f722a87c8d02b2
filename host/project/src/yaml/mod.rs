//! YAML text to configuration nodes and back. The only place that knows the parser.
//!
//! The dialect is BuildStream's: one document that is a dictionary, keys that are plain scalars and occur once, no
//! anchors, no tags of one's own. Every scalar is a text without surrounding white space.

mod characters;
mod dump;
mod read;
mod tree;

pub(crate) use characters::strip;
pub use dump::dump;
pub(crate) use dump::inline_scalar;
pub(crate) use read::read_text;
pub use read::{parse_file, parse_text};
pub(crate) use tree::Limits;

#[cfg(test)]
mod tests;
