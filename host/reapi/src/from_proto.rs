//! What a request names, as the model's types.

use spec_model::Digest;
use spec_proto::reapi;

use crate::refusal::Refusal;

/// A digest as the model has it.
pub(crate) fn digest(wire: &reapi::Digest) -> Result<Digest, Refusal> {
    let reapi::Digest { hash, size_bytes } = wire;
    let size = u64::try_from(*size_bytes);
    let size = size.map_err(|_| Refusal::Invalid(format!("the digest {hash} has a negative size")))?;
    Digest::from_hex(hash, size).map_err(|_| bad_hash(hash))
}

/// A digest that a request cannot be without.
pub(crate) fn required(wire: Option<&reapi::Digest>, field: &str) -> Result<Digest, Refusal> {
    digest(wire.ok_or_else(|| Refusal::Invalid(format!("the request has no {field}")))?)
}

pub(crate) fn bad_hash(hash: &str) -> Refusal {
    let shown: String = hash.chars().take(80).collect();
    Refusal::Invalid(format!("'{shown}' is no hash of 64 lower-case hexadecimal digits"))
}

/// Whether a compressor is ZSTD and not IDENTITY; others are refused.
pub(crate) fn is_zstd(value: i32) -> Result<bool, Refusal> {
    use reapi::compressor::Value;
    match Value::try_from(value) {
        Ok(Value::Identity) => Ok(false),
        Ok(Value::Zstd) => Ok(true),
        _ => Err(Refusal::Invalid(format!("this server has no compressor {value}; use IDENTITY or ZSTD"))),
    }
}

#[cfg(test)]
mod tests {
    use spec_action::wire::digest_to_proto as wire;

    use super::*;

    #[test]
    fn digests_that_are_none() {
        let good = Digest::of(b"x");
        assert_eq!(digest(&wire(&good)).ok(), Some(good));
        let negative = reapi::Digest { hash: good.hex(), size_bytes: -1 };
        for bad in
            [reapi::Digest::default(), negative, reapi::Digest { hash: "ab".repeat(20), size_bytes: 1 }]
        {
            assert_eq!(digest(&bad).expect_err("no digest").reason(), "invalid", "{bad:?}");
        }
    }
}
