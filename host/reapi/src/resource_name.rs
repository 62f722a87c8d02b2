//! ByteStream's resource names.
//!
//! ```text
//! [INSTANCE/]blobs/HASH/SIZE                                    to read
//! [INSTANCE/]uploads/ID/blobs/HASH/SIZE[/ANYTHING]              to write
//! [INSTANCE/][uploads/ID/]compressed-blobs/zstd/HASH/SIZE[...]  the same, compressed in the stream
//! ```
//! The name of the digest function precedes the hash, as in `blobs/blake3/HASH/SIZE`. For SHA-256 it is left out: REAPI
//! demands this of all functions that are older than the rule.

use spec_model::{Digest, DigestFunction};

use crate::from_proto::bad_hash;
use crate::request_error::RequestError;

/// Bytes of a resource name. The upload id is the client's choice, usually a UUID.
const MAX_NAME: usize = 512;

/// A parsed resource name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceName {
    pub(crate) instance: String,
    pub(crate) function: DigestFunction,
    pub(crate) digest: Digest,
    /// Whether the data in the stream is compressed.
    pub(crate) zstd: bool,
}

impl ResourceName {
    /// Parses a name to read.
    pub(crate) fn parse_read(name: &str) -> Result<Self, RequestError> {
        let parts = parts(name)?;
        let at = parts.iter().position(|part| is_blobs(part)).ok_or_else(|| invalid_name(name))?;
        let (resource, rest) = blob(name, &parts[..at], &parts[at..])?;
        if rest.is_empty() { Ok(resource) } else { Err(invalid_name(name)) }
    }

    /// Parses a name to write.
    pub(crate) fn parse_write(name: &str) -> Result<Self, RequestError> {
        let parts = parts(name)?;
        let at = parts.iter().position(|part| *part == "uploads").ok_or_else(|| invalid_name(name))?;
        match parts.get(at + 1) {
            Some(id) if !id.is_empty() && at + 2 < parts.len() => {}
            _ => return Err(invalid_name(name)),
        }
        blob(name, &parts[..at], &parts[at + 2..]).map(|(resource, _)| resource)
    }
}

/// The name to read a blob by, without the instance.
pub(crate) fn blob_name(function: DigestFunction, digest: &Digest) -> String {
    match function {
        DigestFunction::Sha256 => format!("blobs/{digest}"),
        DigestFunction::Blake3 => format!("blobs/{function}/{digest}"),
    }
}

fn parts(name: &str) -> Result<Vec<&str>, RequestError> {
    match name.len() > MAX_NAME {
        true => Err(RequestError::invalid(format!("the resource name has more than {MAX_NAME} bytes"))),
        false => Ok(name.split('/').collect()),
    }
}

fn is_blobs(part: &str) -> bool {
    part == "blobs" || part == "compressed-blobs"
}

fn blob<'a>(
    name: &str,
    instance: &[&str],
    parts: &'a [&'a str],
) -> Result<(ResourceName, &'a [&'a str]), RequestError> {
    let (zstd, parts) = match parts {
        ["blobs", rest @ ..] => (false, rest),
        ["compressed-blobs", "identity", rest @ ..] => (false, rest),
        ["compressed-blobs", "zstd", rest @ ..] => (true, rest),
        ["compressed-blobs", other, ..] => {
            return Err(RequestError::Invalid(format!(
                "this server does not support the compressor {other}; expected identity or zstd"
            )));
        }
        _ => return Err(invalid_name(name)),
    };
    let (function, parts) = match parts {
        ["blake3", rest @ ..] => (DigestFunction::Blake3, rest),
        _ => (DigestFunction::Sha256, parts),
    };
    let [hash, size, rest @ ..] = parts else { return Err(invalid_name(name)) };
    let size = size.parse::<i64>().ok().and_then(|size| u64::try_from(size).ok());
    let size = size.ok_or_else(|| invalid_name(name))?;
    let digest = Digest::from_hex(hash, size).map_err(|_| bad_hash(hash))?;
    Ok((ResourceName { instance: instance.join("/"), function, digest, zstd }, rest))
}

fn invalid_name(name: &str) -> RequestError {
    let expected = "expected [INSTANCE/][uploads/ID/]blobs/[blake3/]HASH/SIZE";
    RequestError::Invalid(format!("'{name}' is not a resource name; {expected}"))
}

#[cfg(test)]
mod tests;
