//! The value of an option.

/// A value in a condition. An `enum`, `arch` or `os` is a text, `flags` and `element-mask` are lists of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OptionValue {
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<OptionValue>),
}

impl OptionValue {
    /// A list of texts.
    pub(super) fn texts(texts: impl IntoIterator<Item = String>) -> Self {
        Self::List(texts.into_iter().map(Self::Text).collect())
    }

    /// The value as a variable holds it: `1` or `0`, the text, or the texts with commas between.
    pub(crate) fn as_variable(&self) -> String {
        match self {
            Self::Bool(truth) => u8::from(*truth).to_string(),
            Self::Text(text) => text.clone(),
            Self::List(items) => items.iter().map(Self::as_variable).collect::<Vec<_>>().join(","),
        }
    }
}
