//! The text that keys are hashed from: JSON without white space, keys sorted, everything beyond ASCII escaped
//! (what `ujson.dumps(value, sort_keys=True, escape_forward_slashes=False)` writes).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use spec_model::Value;

/// The canonical text of a value.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(4096);
    write_value(&mut text, value);
    text
}

/// The canonical text of a map.
pub(super) fn canonical_map(map: &BTreeMap<String, Value>) -> String {
    let mut text = String::with_capacity(4096);
    write_map(&mut text, map);
    text
}

fn write_value(to: &mut String, value: &Value) {
    match value {
        Value::Null => to.push_str("null"),
        Value::Bool(truth) => to.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => to.push_str(&number.to_string()),
        Value::Str(text) => write_text(to, text),
        Value::Seq(values) => {
            to.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write_value(to, value);
            }
            to.push(']');
        }
        Value::Map(map) => write_map(to, map),
    }
}

fn write_map(to: &mut String, map: &BTreeMap<String, Value>) {
    to.push('{');
    for (index, (name, value)) in map.iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        write_text(to, name);
        to.push(':');
        write_value(to, value);
    }
    to.push('}');
}

fn write_text(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            ' '..='\u{7f}' => to.push(c),
            _ => write_escapes(to, c),
        }
    }
    to.push('"');
}

/// Writes a character as one UTF-16 unit, or as the two of a surrogate pair.
fn write_escapes(to: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(to, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_the_reference_does() {
        for (text, expected) in [
            ("a/b</x>&'", r#""a/b</x>&'""#),
            ("\u{0}\u{1f}\u{7f}", "\"\\u0000\\u001f\u{7f}\""),
            ("\u{8}\t\n\u{b}\u{c}\r", r#""\b\t\n\u000b\f\r""#),
            ("\"\\", r#""\"\\""#),
            ("\u{80}ÿ\u{2028}\u{ffff}😀", r#""\u0080\u00ff\u2028\uffff\ud83d\ude00""#),
        ] {
            assert_eq!(canonical(&text.into()), expected);
        }
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_spaced() {
        let value = Value::map([
            ("b", Value::Seq(vec![Value::Int(1), Value::Bool(true), Value::Null, Value::Int(-5)])),
            ("a", Value::Map(BTreeMap::new())),
            ("é", "x".into()),
            ("Z", Value::Int(1)),
        ]);
        assert_eq!(canonical(&value), r#"{"Z":1,"a":{},"b":[1,true,null,-5],"\u00e9":"x"}"#);
    }
}
