//! Converts YAML to configuration nodes and back. Only this module uses the parser.
//!
//! The dialect is BuildStream's: one document that is a dictionary, keys that are plain scalars and occur once, no
//! anchors, no custom tags. Every scalar is a text without surrounding white space.

mod characters;
mod emitter;
mod limits;
mod node_builder;
mod read;

pub(crate) use characters::strip;
pub(crate) use emitter::{block_node, flow_node, inline_scalar};
pub use emitter::{dump, dump_sequence};
pub(crate) use limits::Limits;
pub use read::{parse_file, parse_text};
pub(crate) use read::{parse_shared, read_text, read_text_below};

/// The reason code of text that is not YAML of BuildStream's dialect.
const INVALID_YAML: &str = "invalid-yaml";

#[cfg(test)]
mod tests;
