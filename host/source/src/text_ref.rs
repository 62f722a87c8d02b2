//! Refs that are one text, as most kinds of sources have them.

use spec_model::{Mapping, Node, NodeError, Value};

use crate::error::{SourceError, SourceName};

/// A ref of one text, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextRef(Option<String>);

impl TextRef {
    pub(crate) fn of(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }

    /// The ref in the configuration of a source.
    ///
    /// # Errors
    /// When it is not a text.
    pub(crate) fn configure(config: &Mapping) -> Result<Self, NodeError> {
        Ok(Self(config.opt_str("ref")?.map(str::to_owned)))
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text of the ref of a source that needs one.
    ///
    /// # Errors
    /// `missing-ref`.
    pub(crate) fn required(&self, name: &SourceName) -> Result<&str, SourceError> {
        self.text().ok_or_else(|| SourceError::NoRef { name: name.clone() })
    }

    /// As [`Source::reference`](crate::source::Source::reference).
    pub(crate) fn value(&self) -> Option<Value> {
        self.text().map(Value::from)
    }

    /// As [`Source::set_ref`](crate::source::Source::set_ref).
    pub(crate) fn set(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.0 = Some(reference.as_str()?.to_owned());
        Ok(())
    }
}
