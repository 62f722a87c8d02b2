//! The configuration of a policy: keys and values.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The configuration of a policy. Keys that the policy did not read are rejected.
#[derive(Debug, Default)]
pub struct Settings {
    unread: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

/// Why a configuration is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// A key that the policy does not know.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that are known, for the message.
        known: String,
    },
    /// A value that is not one of those allowed.
    InvalidValue {
        /// Its key.
        key: String,
        /// What was expected and what was found.
        message: String,
    },
    /// Anything else, in words.
    Other(String),
}

impl Settings {
    /// The settings as the host gives them.
    #[must_use]
    pub fn new(settings: Vec<(String, String)>) -> Self {
        Self { unread: settings.into_iter().collect(), known: Vec::new() }
    }

    /// The text of a setting, if it is given.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        self.unread.remove(key)
    }

    /// A number within bounds, or `default` when it is not given.
    ///
    /// # Errors
    /// When it is not a number, or out of bounds.
    pub fn number<N: FromStr + PartialOrd + Display>(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<N>,
        default: N,
    ) -> Result<N, SettingsError> {
        let Some(text) = self.text(key) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let (least, most) = (bounds.start(), bounds.end());
        number.ok_or_else(|| {
            SettingsError::invalid_value(key, &format!("a number from {least} to {most}"), &text)
        })
    }

    /// Rejects keys that the policy did not read.
    ///
    /// # Errors
    /// At the first such key.
    pub fn reject_unknown_keys(self) -> Result<(), SettingsError> {
        match self.unread.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(SettingsError::UnknownKey { key, known: self.known.join(", ") }),
        }
    }
}

impl SettingsError {
    /// A value that is not what was expected.
    #[must_use]
    pub fn invalid_value(key: &str, expected: &str, found: &str) -> Self {
        Self::InvalidValue { key: key.to_owned(), message: format!("expected {expected}, found '{found}'") }
    }

    /// The key at fault and the message, as the worlds of both sorts of policies have them.
    pub(crate) fn into_key_and_message(self) -> (Option<String>, String) {
        match self {
            Self::UnknownKey { key, known } if known.is_empty() => {
                (Some(key), "this policy has no settings".to_owned())
            }
            Self::UnknownKey { key, known } => {
                (Some(key), format!("it is not a setting of this policy; known settings: {known}"))
            }
            Self::InvalidValue { key, message } => (Some(key), message),
            Self::Other(message) => (None, message),
        }
    }
}

#[cfg(test)]
mod tests;
