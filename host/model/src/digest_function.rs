//! The functions that make digests of bytes.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// How the hash in a digest is made from bytes: the values of REAPI's `DigestFunction` that we implement.
///
/// Both give 32 bytes, so a [`Digest`] does not say which one made it: whoever keeps digests must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestFunction {
    /// SHA-256: what BuildStream uses, and all clients unless they say otherwise.
    #[default]
    Sha256,
    /// BLAKE3 with 256 bits.
    Blake3,
}

impl DigestFunction {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Blake3];

    /// The name in REAPI, in the lower case of ByteStream's resource names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
        }
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> Digest {
        let hash = match self {
            Self::Sha256 => Sha256::digest(bytes).into(),
            Self::Blake3 => blake3::hash(bytes).into(),
        };
        Digest::new(hash, bytes.len() as u64)
    }

    /// A hasher without input.
    #[must_use]
    pub fn hasher(self) -> DigestHasher {
        let state = match self {
            Self::Sha256 => HasherState::Sha256(Sha256::new()),
            Self::Blake3 => HasherState::Blake3(Box::default()),
        };
        DigestHasher { state, size: 0 }
    }
}

impl fmt::Display for DigestFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Digests a stream piece by piece.
#[derive(Clone)]
pub struct DigestHasher {
    state: HasherState,
    size: u64,
}

#[derive(Clone)]
enum HasherState {
    Sha256(Sha256),
    /// Boxed, because it has 2 KB.
    Blake3(Box<blake3::Hasher>),
}

impl DigestHasher {
    /// A hasher of SHA-256 that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            HasherState::Sha256(state) => state.update(bytes),
            HasherState::Blake3(state) => _ = state.update(bytes),
        }
        self.size += bytes.len() as u64;
    }

    /// The digest of all bytes taken.
    #[must_use]
    pub fn finish(self) -> Digest {
        let hash = match self.state {
            HasherState::Sha256(state) => state.finalize().into(),
            HasherState::Blake3(state) => state.finalize().into(),
        };
        Digest::new(hash, self.size)
    }
}

impl Default for DigestHasher {
    fn default() -> Self {
        DigestFunction::default().hasher()
    }
}

impl fmt::Debug for DigestHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestHasher({} bytes)", self.size)
    }
}

#[cfg(test)]
mod tests;
