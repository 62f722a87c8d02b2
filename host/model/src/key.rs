//! Cache keys of elements.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::digest::{parse_hex, to_hex};

/// A cache key: the SHA-256 of a canonical description. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a canonical description.
    #[must_use]
    pub fn of(description: &[u8]) -> Self {
        Self(Sha256::digest(description).into())
    }

    /// The first `length` digits, at most 64, as shown to people.
    #[must_use]
    pub fn brief(&self, length: usize) -> String {
        let mut text = self.to_string();
        text.truncate(length);
        text
    }
}

/// Makes the key of a canonical description that comes in pieces.
#[derive(Default)]
pub struct KeyHasher(Sha256);

impl KeyHasher {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The key of all pieces.
    #[must_use]
    pub fn key(self) -> Key {
        Key(self.0.finalize().into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&to_hex(&self.0))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.brief(8))
    }
}

impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self).ok_or_else(|| ParseKeyError(text.to_owned()))
    }
}

/// A text that is not a cache key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a cache key; expected 64 hexadecimal digits")]
pub struct ParseKeyError(String);

/// The two keys that BuildStream computes from a project alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyPair {
    /// It changes with every input of the element, including the contents of its build dependencies.
    pub strict: Key,
    /// It covers only the names of build dependencies (except strict ones), so it stays the same when their contents
    /// change.
    pub weak: Key,
}
