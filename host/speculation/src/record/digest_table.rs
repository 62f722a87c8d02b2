//! The digest table of a stored record.

use std::collections::HashMap;

use spec_model::Digest;

/// The bytes of a hash.
const HASH_SIZE: usize = 32;

/// A digest table that is being written. Digests have numbers in the order in which they were first used.
#[derive(Default)]
pub(super) struct DigestTable {
    numbers: HashMap<Digest, u32>,
    pub(super) hashes: Vec<u8>,
    pub(super) sizes: Vec<u64>,
}

impl DigestTable {
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
    let (hashes, rest) = hashes.as_chunks::<HASH_SIZE>();
    if !rest.is_empty() || hashes.len() != sizes.len() {
        return Err(format!(
            "{} sizes and {} bytes of hashes",
            sizes.len(),
            hashes.len() * HASH_SIZE + rest.len()
        ));
    }
    Ok(hashes.iter().zip(sizes).map(|(hash, size)| Digest::new(*hash, *size)).collect())
}
