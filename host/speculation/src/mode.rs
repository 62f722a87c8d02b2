//! The modes of speculation.

use std::fmt;
use std::str::FromStr;

/// How much a session speculates. Each mode includes the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpeculationMode {
    /// Records are only carried forward.
    None,
    /// Recorded actions are primed. No new records are made.
    PrimeOnly,
    /// Records are made, with the origins SOURCE and ARTIFACT.
    SourceArtifact,
    /// Also ACTION, within one element.
    IntraElement,
    /// Also ACTION across elements.
    #[default]
    Full,
}

impl SpeculationMode {
    /// All modes.
    pub const ALL: [Self; 5] =
        [Self::None, Self::PrimeOnly, Self::SourceArtifact, Self::IntraElement, Self::Full];

    /// The name in the configuration.
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

    /// Whether recorded actions are primed.
    #[must_use]
    pub fn primes(self) -> bool {
        self >= Self::PrimeOnly
    }

    /// Whether records are made.
    #[must_use]
    pub(crate) fn generates(self) -> bool {
        self >= Self::SourceArtifact
    }
}

impl fmt::Display for SpeculationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SpeculationMode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| ParseModeError(text.to_owned()))
    }
}

/// A text that is not the name of a mode.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is not a mode of speculation; expected none, prime-only, source-artifact, intra-element or full"
)]
pub struct ParseModeError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_printed_as_they_are_parsed() {
        for mode in SpeculationMode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("all".parse::<SpeculationMode>().is_err());
    }
}
