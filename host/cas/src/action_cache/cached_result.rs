//! The bytes of an entry: magic bytes, the number of digests, the digests, the result, a checksum of all of it.

use spec_model::Digest;

const MAGIC: &[u8; 8] = b"SPECAC1\n";
const CHECKSUM: usize = 32;
/// The length of an encoded digest: its hash and its size in little-endian order.
const DIGEST: usize = 40;

/// A cached result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CachedResult {
    /// All blobs that the result refers to.
    pub(super) needs: Vec<Digest>,
    /// The encoded `ActionResult`.
    pub(super) result: Vec<u8>,
}

impl CachedResult {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48 + self.needs.len() * DIGEST + self.result.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(self.needs.len() as u64).to_le_bytes());
        for digest in &self.needs {
            bytes.extend_from_slice(digest.hash());
            bytes.extend_from_slice(&digest.size().to_le_bytes());
        }
        bytes.extend_from_slice(&self.result);
        let checksum = Digest::of(&bytes);
        bytes.extend_from_slice(checksum.hash());
        bytes
    }

    /// `None` when the bytes are damaged, or of another version.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
        if Digest::of(body).hash() != checksum {
            return None;
        }
        let (count, rest) = body.strip_prefix(MAGIC)?.split_first_chunk()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        let (needs, result) = rest.split_at_checked(count.checked_mul(DIGEST)?)?;
        let needs = needs.chunks_exact(DIGEST).map(decode_digest).collect::<Option<_>>()?;
        Some(Self { needs, result: result.to_vec() })
    }
}

fn decode_digest(bytes: &[u8]) -> Option<Digest> {
    let (hash, size) = bytes.split_first_chunk()?;
    Some(Digest::new(*hash, u64::from_le_bytes(size.try_into().ok()?)))
}

#[cfg(test)]
mod tests;
