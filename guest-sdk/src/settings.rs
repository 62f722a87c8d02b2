//! The configuration of a policy: keys and values.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A policy's own configuration. Keys that it did not ask for are refused for it.
#[derive(Debug, Default)]
pub struct Settings {
    left: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
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
        Self { left: settings.into_iter().collect(), known: Vec::new() }
    }

    /// The text of a setting, if it is given.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        self.left.remove(key)
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
    ) -> Result<N, Refused> {
        let Some(text) = self.text(key) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let (least, most) = (bounds.start(), bounds.end());
        number.ok_or_else(|| Refused::value(key, &format!("a number from {least} to {most}"), &text))
    }

    /// Refuses what nobody asked for.
    ///
    /// # Errors
    /// At the first key that is left.
    pub fn end(self) -> Result<(), Refused> {
        match self.left.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(Refused::UnknownKey { key, known: self.known.join(", ") }),
        }
    }
}

impl Refused {
    /// A value that is not what was expected.
    #[must_use]
    pub fn value(key: &str, expected: &str, found: &str) -> Self {
        Self::InvalidValue { key: key.to_owned(), message: format!("expected {expected}, found '{found}'") }
    }

    /// The key at fault and the message, as both worlds of policies have them.
    pub(crate) fn parts(self) -> (Option<String>, String) {
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
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::new(vec![("least".to_owned(), text.to_owned())])
    }

    #[test]
    fn numbers_have_bounds_and_defaults() {
        assert_eq!(settings("5").number("least", 1..=9, 3), Ok(5));
        assert_eq!(settings("5").number("most", 1..=9, 3), Ok(3));
        for wrong in ["10", "0", "-1", "many", ""] {
            let refused =
                settings(wrong).number("least", 1..=9, 3).expect_err("it is not a number from 1 to 9");
            assert_eq!(refused, Refused::value("least", "a number from 1 to 9", wrong));
        }
    }

    #[test]
    fn what_nobody_asked_for_is_refused() {
        let mut settings = settings("5");
        assert_eq!(settings.text("other"), None);
        let refused = settings.end().expect_err("'least' is left");
        assert_eq!(refused, Refused::UnknownKey { key: "least".to_owned(), known: "other".to_owned() });
    }
}
