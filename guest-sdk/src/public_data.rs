//! Public data of elements as nested values, and the flat form in which they cross the border of the component.

use crate::bindings::imports::spec::plugin::dependencies as flat;

/// A tree of public data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicData {
    /// A text; numbers and truth values are texts too.
    Text(String),
    /// Values in order.
    Sequence(Vec<PublicData>),
    /// Values by name, in the order of the file; no name may occur twice.
    Mapping(Vec<(String, PublicData)>),
}

impl PublicData {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A sequence of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Sequence(texts.into_iter().map(|text| Self::Text(text.into())).collect())
    }

    /// Values by name.
    pub fn mapping<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Mapping(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The entry of that name, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Mapping(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            Self::Text(_) | Self::Sequence(_) => None,
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// The texts of a sequence; empty if this is no sequence.
    #[must_use]
    pub fn as_texts(&self) -> Vec<&str> {
        match self {
            Self::Sequence(items) => items.iter().filter_map(Self::as_text).collect(),
            Self::Text(_) | Self::Mapping(_) => Vec::new(),
        }
    }

    /// Sets an entry of a mapping, in its place if it is there, else at the end. Anything else becomes a mapping.
    pub fn set(&mut self, name: &str, value: Self) {
        if let Self::Mapping(entries) = self {
            match entries.iter_mut().find(|(key, _)| key == name) {
                Some((_, old)) => *old = value,
                None => entries.push((name.to_owned(), value)),
            }
        } else {
            *self = Self::mapping([(name, value)]);
        }
    }
}

impl From<&PublicData> for flat::PublicData {
    fn from(data: &PublicData) -> Self {
        let mut values = Vec::new();
        flatten(data, &mut values);
        Self { values }
    }
}

impl From<flat::PublicData> for PublicData {
    /// The host sends children before their parents, each used once.
    fn from(data: flat::PublicData) -> Self {
        let mut done: Vec<Option<Self>> = Vec::with_capacity(data.values.len());
        for value in data.values {
            let mut take = |index: u32| {
                let child = done.get_mut(index as usize).and_then(Option::take);
                child.expect("the host sends children before their parents")
            };
            let value = match value {
                flat::PublicValue::Text(text) => Self::Text(text),
                flat::PublicValue::Sequence(items) => Self::Sequence(items.into_iter().map(take).collect()),
                flat::PublicValue::Mapping(entries) => {
                    Self::Mapping(entries.into_iter().map(|(name, index)| (name, take(index))).collect())
                }
            };
            done.push(Some(value));
        }
        done.pop().flatten().expect("the host sends no empty tree")
    }
}

/// Appends `data` after its children and returns its index.
fn flatten(data: &PublicData, values: &mut Vec<flat::PublicValue>) -> u32 {
    let value = match data {
        PublicData::Text(text) => flat::PublicValue::Text(text.clone()),
        PublicData::Sequence(items) => {
            flat::PublicValue::Sequence(items.iter().map(|item| flatten(item, values)).collect())
        }
        PublicData::Mapping(entries) => flat::PublicValue::Mapping(
            entries.iter().map(|(name, entry)| (name.clone(), flatten(entry, values))).collect(),
        ),
    };
    values.push(value);
    u32::try_from(values.len() - 1).expect("a component has less than 2^32 bytes of memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_the_same_after_both_ways() {
        let mut data =
            PublicData::mapping([("b", PublicData::texts(["x", "y"])), ("a", PublicData::text(""))]);
        assert_eq!(PublicData::from(flat::PublicData::from(&data)), data);
        data.set("b", PublicData::text("z"));
        data.set("c", PublicData::text("c"));
        assert_eq!(data.get("b").and_then(PublicData::as_text), Some("z"));
        assert_eq!(PublicData::from(flat::PublicData::from(&data)), data);
    }
}
