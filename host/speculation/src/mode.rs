//! How much of speculation a session does.

use std::fmt;
use std::str::FromStr;

/// A mode; each does what those before it do, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing.
    None,
    /// Records are used, and carried forward; none is made.
    PrimeOnly,
    /// Records are made, with the origins SOURCE and ARTIFACT.
    SourceArtifact,
    /// Also ACTION, within one element.
    IntraElement,
    /// Also ACTION across elements.
    #[default]
    Full,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 5] =
        [Self::None, Self::PrimeOnly, Self::SourceArtifact, Self::IntraElement, Self::Full];

    /// The name in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PrimeOnly => "prime-only",
            Self::SourceArtifact => "source-artifact",
            Self::IntraElement => "intra-element",
            Self::Full => "full",
        }
    }

    /// Whether records are used.
    #[must_use]
    pub fn primes(self) -> bool {
        self >= Self::PrimeOnly
    }

    /// Whether records are made.
    #[must_use]
    pub fn generates(self) -> bool {
        self >= Self::SourceArtifact
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| ParseModeError(text.to_owned()))
    }
}

/// A text that is no mode.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no mode of speculation; expected none, prime-only, source-artifact, intra-element or full")]
pub struct ParseModeError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_print_as_they_are_written() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("all".parse::<Mode>().is_err());
    }
}
