//! Unique keys as nested values, and the flat form in which they leave the component.

use crate::bindings::element_kind::exports::spec::plugin::kind::{KeyValue, UniqueKey};

/// A tree of plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Values in order.
    Sequence(Vec<Value>),
    /// Values by name; no name may occur twice.
    Mapping(Vec<(String, Value)>),
}

impl Value {
    /// Values by name.
    pub fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::Mapping(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A sequence of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Sequence(texts.into_iter().map(|text| Self::Text(text.into())).collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Value> for UniqueKey {
    fn from(value: Value) -> Self {
        let mut values = Vec::new();
        flatten(value, &mut values);
        Self { values }
    }
}

/// Appends `value` after its children and returns its index.
fn flatten(value: Value, values: &mut Vec<KeyValue>) -> u32 {
    let flat = match value {
        Value::Null => KeyValue::Null,
        Value::Bool(value) => KeyValue::Bool(value),
        Value::Int(value) => KeyValue::Int(value),
        Value::Text(text) => KeyValue::Text(text),
        Value::Sequence(items) => {
            KeyValue::Sequence(items.into_iter().map(|item| flatten(item, values)).collect())
        }
        Value::Mapping(entries) => {
            KeyValue::Mapping(entries.into_iter().map(|(name, item)| (name, flatten(item, values))).collect())
        }
    };
    values.push(flat);
    u32::try_from(values.len() - 1).expect("a component has less than 2^32 bytes of memory")
}

#[cfg(test)]
mod tests;
