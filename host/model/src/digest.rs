//! Content digests as the Remote Execution API has them: a hash and a size.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The hash of some bytes together with their number. It does not say which function made the hash: that follows from
/// where the digest is used.
///
/// Written `HASH/SIZE`, as in REAPI resource names and in `chrootRootDigest`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    hash: [u8; 32],
    size: u64,
}

impl Digest {
    /// The digest with this `hash` of `size` bytes.
    #[must_use]
    pub fn new(hash: [u8; 32], size: u64) -> Self {
        Self { hash, size }
    }

    /// The SHA-256 digest of `bytes`. A store may use another function: see [`DigestFunction`](crate::DigestFunction).
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::new(Sha256::digest(bytes).into(), bytes.len() as u64)
    }

    /// The digest with a hash of 64 lower-case hexadecimal digits, as on the wire.
    ///
    /// # Errors
    /// When `hash` is not such a string.
    pub fn from_hex(hash: &str, size: u64) -> Result<Self, ParseDigestError> {
        let hash = parse_hex(hash).ok_or_else(|| ParseDigestError(hash.to_owned()))?;
        Ok(Self { hash, size })
    }

    /// The raw hash.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The hash as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        to_hex(&self.hash)
    }

    /// The number of bytes digested.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.hex(), self.size)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", &self.hex()[..12], self.size)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseDigestError(text.to_owned());
        let (hash, size) = text.split_once('/').ok_or_else(error)?;
        let size = size.parse().map_err(|_| error())?;
        Self::from_hex(hash, size).map_err(|_| error())
    }
}

/// A text that is not `HASH/SIZE`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a digest; expected 64 hexadecimal digits, a slash and a size in bytes")]
pub struct ParseDigestError(String);

pub(crate) fn to_hex(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// No digit.
const NONE: u8 = 0xff;

/// The value of each lower-case hexadecimal digit.
const VALUES: [u8; 256] = {
    let (mut values, mut value) = ([NONE; 256], 0);
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// It has no branch for each digit, because processors cannot predict the digits of a hash, and servers parse 10,000
/// hashes at a time.
pub(crate) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let (mut bytes, mut seen) = ([0; 32], 0);
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen != NONE).then_some(bytes)
}

#[cfg(test)]
mod tests;
