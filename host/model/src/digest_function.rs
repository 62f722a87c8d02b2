//! The functions that make digests of bytes.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// How the hash in a digest is made from bytes: REAPI's `DigestFunction`, as far as we have it.
///
/// Both give 32 bytes, so a [`Digest`] does not tell which one made it: whoever keeps it knows.
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

    /// A hasher that has seen nothing.
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
    /// Apart, because it is of 2 KB.
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

    /// The digest of everything seen.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_digests() {
        let a_million = vec![b'a'; 1_000_000];
        let table: [(DigestFunction, &[u8], &str); 6] = [
            (DigestFunction::Sha256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                DigestFunction::Sha256,
                b"abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                DigestFunction::Sha256,
                &a_million,
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            ),
            (DigestFunction::Blake3, b"", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            (
                DigestFunction::Blake3,
                b"abc",
                "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            ),
            (
                DigestFunction::Blake3,
                b"\0",
                "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
            ),
        ];
        for (function, bytes, hex) in table {
            assert_eq!(function.of(bytes).to_string(), format!("{hex}/{}", bytes.len()), "{function}");
        }
    }

    proptest! {
        #[test]
        fn pieces_and_whole_agree(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..9)) {
            for function in DigestFunction::ALL {
                let mut hasher = function.hasher();
                pieces.iter().for_each(|piece| hasher.update(piece));
                prop_assert_eq!(hasher.finish(), function.of(&pieces.concat()));
            }
        }
    }
}
