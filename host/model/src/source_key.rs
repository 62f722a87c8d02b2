//! What sources contribute to cache keys.

use crate::{Key, Value};

/// A source's unique key, as its kind makes it, in the canonical text that is hashed: sources may name thousands of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueKey(String);

impl UniqueKey {
    /// The key with this canonical text.
    #[must_use]
    pub fn of_canonical(text: String) -> Self {
        Self(text)
    }

    /// The cache key of the source alone.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of(self.0.as_bytes())
    }
}

impl From<Value> for UniqueKey {
    fn from(value: Value) -> Self {
        Self(value.canonical())
    }
}

/// What one source contributes to cache keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceKey {
    /// The kind's name.
    pub kind: String,
    /// The directory into which it is staged; `None` for the root of the element's sources.
    pub directory: Option<String>,
    /// The source's unique key.
    pub key: UniqueKey,
}

impl SourceKey {
    /// The canonical text of what the sources of an element contribute together: to the element's keys, and, hashed, the key of
    /// the sources themselves.
    #[must_use]
    pub fn canonical_list(sources: &[Self]) -> String {
        let mut text = String::from("[");
        for source in sources {
            let separator = if text.len() > 1 { "," } else { "" };
            text += separator;
            source.write(&mut text);
        }
        text + "]"
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        if let Some(directory) = &self.directory {
            *out += "\"directory\":";
            Value::from(directory.as_str()).write_canonical(out);
            out.push(',');
        }
        *out += "\"key\":";
        *out += &self.key.0;
        *out += ",\"name\":";
        Value::from(self.kind.as_str()).write_canonical(out);
        out.push('}');
    }
}
