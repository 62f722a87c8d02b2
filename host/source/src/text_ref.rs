//! Refs that are one text, as most kinds of sources have them.

use spec_model::{FilePosition, Mapping, Node, NodeError, Value};

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

    /// The SHA-256 that a source needs as its ref, which is written at `place`.
    ///
    /// # Errors
    /// `missing-ref`; `invalid-ref` when it is something else.
    pub(crate) fn required_sha256(
        &self,
        name: &SourceName,
        place: Option<&FilePosition>,
    ) -> Result<&str, SourceError> {
        let reference = self.required(name)?;
        if !is_sha256(reference) {
            let (name, reference) = (name.clone(), reference.to_owned());
            return Err(SourceError::BadRef { name, reference, position: place.cloned() });
        }
        Ok(reference)
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

/// Whether a text is a SHA-256 in small hexadecimal digits.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}
