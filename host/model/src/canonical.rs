//! The canonical text of plain data, which cache keys are made of.
//!
//! BuildStream hashes `ujson.dumps(value, sort_keys=True, escape_forward_slashes=False)`: no spaces, keys sorted by
//! code point, everything outside ASCII escaped.

use std::fmt::Write as _;

use crate::{Key, Mapping, Node, NodeKind, Value};

impl Value {
    /// The text that BuildStream hashes.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = String::with_capacity(1024);
        self.write_canonical(&mut text);
        text
    }

    /// Appends the text that BuildStream hashes.
    pub fn write_canonical(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Str(text) => write_text(text, out),
            Self::Seq(values) => write_list(values, out, Self::write_canonical),
            Self::Map(entries) => write_entries(entries.iter(), out, Self::write_canonical),
        }
    }

    /// The cache key: the hash of the canonical text.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of(self.canonical().as_bytes())
    }
}

impl Node {
    /// Appends the canonical text of [`Node::to_value`], without making that.
    pub fn write_canonical(&self, out: &mut String) {
        match &self.kind {
            NodeKind::Scalar(text) => write_text(text, out),
            NodeKind::Sequence(nodes) => write_list(nodes, out, Self::write_canonical),
            NodeKind::Mapping(mapping) => mapping.write_canonical(out),
        }
    }
}

impl Mapping {
    /// Appends the canonical text of [`Mapping::to_value`], without making that.
    pub fn write_canonical(&self, out: &mut String) {
        self.write_canonical_with(|_| true, out);
    }

    /// As [`Mapping::write_canonical`], of the entries with these names alone.
    pub fn write_canonical_with(&self, is_wanted: impl Fn(&str) -> bool, out: &mut String) {
        let entries = self.entries.iter().map(|(name, node)| (&**name, node));
        let mut entries: Vec<(&str, &Node)> = entries.filter(|(name, _)| is_wanted(name)).collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        write_entries(entries.into_iter(), out, Node::write_canonical);
    }
}

fn write_list<T>(values: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        separate(index, out);
        write(value, out);
    }
    out.push(']');
}

fn write_entries<'e, N: AsRef<str>, T: 'e>(
    entries: impl Iterator<Item = (N, &'e T)>,
    out: &mut String,
    write: impl Fn(&T, &mut String),
) {
    out.push('{');
    for (index, (name, value)) in entries.enumerate() {
        separate(index, out);
        write_text(name.as_ref(), out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

/// Writes what needs no escape in one piece.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let is_plain = |byte: u8| matches!(byte, b' '..=0x7f) && byte != b'"' && byte != b'\\';
    let mut rest = text;
    while let Some(end) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (plain, special) = rest.split_at(end);
        out.push_str(plain);
        let mut chars = special.chars();
        chars.next().into_iter().for_each(|c| write_special(c, out));
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_special(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests;
