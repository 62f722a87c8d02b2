//! Converts digests.

use spec_model::Digest;

use crate::message;

/// A digest as a message.
#[must_use]
pub fn digest_message(digest: &Digest) -> message::Digest {
    message::Digest { hash: digest.hash().to_vec(), size: digest.size() }
}

/// The digest of a message; `None` if its hash does not have 32 bytes.
#[must_use]
pub fn digest(message: &message::Digest) -> Option<Digest> {
    Some(Digest::new(message.hash.as_slice().try_into().ok()?, message.size))
}
