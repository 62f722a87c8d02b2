//! The canonical text of plain data, which cache keys are made of.
//!
//! BuildStream hashes `ujson.dumps(value, sort_keys=True, escape_forward_slashes=False)`: no spaces, keys sorted by
//! code point, everything outside ASCII escaped.

use std::fmt::Write as _;

use crate::{Key, Value};

impl Value {
    /// The text that BuildStream hashes.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = String::with_capacity(1024);
        write_value(self, &mut text);
        text
    }

    /// The cache key: the hash of the canonical text.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of(self.canonical().as_bytes())
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Str(text) => write_text(text, out),
        Value::Seq(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                separate(index, out);
                write_value(value, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, (name, value)) in entries.iter().enumerate() {
                separate(index, out);
                write_text(name, out);
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='\u{7f}' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
