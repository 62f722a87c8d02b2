//! What sources contribute to cache keys.

use crate::Value;

/// What one source contributes to cache keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceKey {
    /// The kind's name.
    pub kind: String,
    /// The directory into which it is staged; `None` for the root of the element's sources.
    pub directory: Option<String>,
    /// The source's unique key, as its kind makes it.
    pub key: Value,
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
        self.key.write_canonical(out);
        *out += ",\"name\":";
        Value::from(self.kind.as_str()).write_canonical(out);
        out.push('}');
    }
}
