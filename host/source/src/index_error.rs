//! Errors of indexes: servers that are asked which releases there are.

use spec_model::Blame;

/// Why an index does not say what is wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The answer is not what such a server answers.
    #[error("the server's answer is not {expected}: {why}")]
    Answer {
        /// What was expected, in words.
        expected: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It does not know what was asked for.
    #[error("it has no {what}")]
    NoEntry {
        /// What was asked for, in words.
        what: String,
        /// The setting that asks for it.
        key: &'static str,
    },
}

impl IndexError {
    pub(crate) fn answer(expected: &'static str, why: impl ToString) -> Self {
        Self::Answer { expected, why: why.to_string() }
    }

    /// The stable code of the error.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "index-answer",
            Self::NoEntry { .. } => "index-no-entry",
        }
    }

    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Answer { .. } => Blame::Remote,
            Self::NoEntry { .. } => Blame::Project,
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Answer { .. } => {
                "open the url, to see who answers; it may be a proxy or a login page".to_owned()
            }
            Self::NoEntry { key, .. } => format!("check the key '{key}'"),
        }
    }
}
