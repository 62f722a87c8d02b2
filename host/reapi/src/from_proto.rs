//! From the fields of REAPI messages to the model's types.

use spec_model::Digest;
use spec_proto::reapi;

use crate::request_error::RequestError;

/// Converts a digest.
pub(crate) fn digest(wire: &reapi::Digest) -> Result<Digest, RequestError> {
    let reapi::Digest { hash, size_bytes } = wire;
    let size = u64::try_from(*size_bytes);
    let size = size.map_err(|_| RequestError::Invalid(format!("the digest {hash} has a negative size")))?;
    Digest::from_hex(hash, size).map_err(|_| bad_hash(hash))
}

/// Converts a digest that a request must have.
pub(crate) fn required(wire: Option<&reapi::Digest>, field: &str) -> Result<Digest, RequestError> {
    digest(wire.ok_or_else(|| RequestError::Invalid(format!("the request has no {field}")))?)
}

/// The error about a hash that cannot be parsed.
pub(crate) fn bad_hash(hash: &str) -> RequestError {
    let shown: String = hash.chars().take(80).collect();
    RequestError::Invalid(format!("'{shown}' is not a hash; expected 64 lower-case hexadecimal digits"))
}

/// Whether a compressor is ZSTD and not IDENTITY; fails for others.
pub(crate) fn is_zstd(value: i32) -> Result<bool, RequestError> {
    use reapi::compressor::Value;
    match Value::try_from(value) {
        Ok(Value::Identity) => Ok(false),
        Ok(Value::Zstd) => Ok(true),
        _ => Err(RequestError::Invalid(format!(
            "this server does not support the compressor {value}; expected IDENTITY or ZSTD"
        ))),
    }
}

#[cfg(test)]
mod tests;
