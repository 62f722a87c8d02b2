//! The digest table of a stored record.

use std::collections::HashMap;

use spec_model::Digest;

/// Bytes of a hash.
const HASH: usize = 32;

/// Digests by number, in the order in which they were first named.
#[derive(Default)]
pub(super) struct Writer {
    numbers: HashMap<Digest, u32>,
    pub(super) hashes: Vec<u8>,
    pub(super) sizes: Vec<u64>,
}

impl Writer {
    pub(super) fn number(&mut self, digest: &Digest) -> u32 {
        let next = self.sizes.len() as u32;
        *self.numbers.entry(*digest).or_insert_with(|| {
            self.hashes.extend_from_slice(digest.hash());
            self.sizes.push(digest.size());
            next
        })
    }
}

/// The digests of a table.
pub(super) fn read(hashes: &[u8], sizes: &[u64]) -> Result<Vec<Digest>, String> {
    let (hashes, rest) = hashes.as_chunks::<HASH>();
    if !rest.is_empty() || hashes.len() != sizes.len() {
        return Err(format!(
            "{} sizes and {} bytes of hashes",
            sizes.len(),
            hashes.len() * HASH + rest.len()
        ));
    }
    Ok(hashes.iter().zip(sizes).map(|(hash, size)| Digest::new(*hash, *size)).collect())
}
