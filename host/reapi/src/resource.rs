//! Names of ByteStream's resources.
//!
//! ```text
//! [INSTANCE/]blobs/HASH/SIZE                                    read
//! [INSTANCE/]uploads/ID/blobs/HASH/SIZE[/ANYTHING]              written
//! [INSTANCE/][uploads/ID/]compressed-blobs/zstd/HASH/SIZE[...]  the same, compressed on the way
//! ```
//! Before the hash stands the name of the digest function and a slash, as in `blobs/blake3/HASH/SIZE`. For SHA-256 it
//! is left out: REAPI wants so of all functions that are older than the name.

use spec_model::{Digest, DigestFunction};

use crate::from_proto::bad_hash;
use crate::refusal::Refusal;

/// An upload's identity is the client's; longer ones than a few UUIDs are no identity.
const MAX_NAME: usize = 512;

/// A blob as a resource names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) instance: String,
    pub(crate) function: DigestFunction,
    pub(crate) digest: Digest,
    /// Whether the data on the wire is compressed.
    pub(crate) zstd: bool,
}

impl Resource {
    /// What is read.
    pub(crate) fn to_read(name: &str) -> Result<Self, Refusal> {
        let parts = parts(name)?;
        let at = parts.iter().position(|part| is_blobs(part)).ok_or_else(|| unknown(name))?;
        let (resource, rest) = blob(name, &parts[..at], &parts[at..])?;
        if rest.is_empty() { Ok(resource) } else { Err(unknown(name)) }
    }

    /// What is written.
    pub(crate) fn to_write(name: &str) -> Result<Self, Refusal> {
        let parts = parts(name)?;
        let at = parts.iter().position(|part| *part == "uploads").ok_or_else(|| unknown(name))?;
        match parts.get(at + 1) {
            Some(id) if !id.is_empty() && at + 2 < parts.len() => {}
            _ => return Err(unknown(name)),
        }
        blob(name, &parts[..at], &parts[at + 2..]).map(|(resource, _)| resource)
    }
}

/// The name that a blob is read by, without the instance.
pub(crate) fn name(function: DigestFunction, digest: &Digest) -> String {
    match function {
        DigestFunction::Sha256 => format!("blobs/{digest}"),
        DigestFunction::Blake3 => format!("blobs/{function}/{digest}"),
    }
}

fn parts(name: &str) -> Result<Vec<&str>, Refusal> {
    match name.len() > MAX_NAME {
        true => Err(Refusal::invalid(format!("a resource name of more than {MAX_NAME} bytes"))),
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
) -> Result<(Resource, &'a [&'a str]), Refusal> {
    let (zstd, parts) = match parts {
        ["blobs", rest @ ..] => (false, rest),
        ["compressed-blobs", "identity", rest @ ..] => (false, rest),
        ["compressed-blobs", "zstd", rest @ ..] => (true, rest),
        ["compressed-blobs", other, ..] => {
            return Err(Refusal::Invalid(format!("this server has no compressor {other}; use zstd")));
        }
        _ => return Err(unknown(name)),
    };
    let (function, parts) = match parts {
        ["blake3", rest @ ..] => (DigestFunction::Blake3, rest),
        _ => (DigestFunction::Sha256, parts),
    };
    let [hash, size, rest @ ..] = parts else { return Err(unknown(name)) };
    let size = size.parse::<i64>().ok().and_then(|size| u64::try_from(size).ok());
    let size = size.ok_or_else(|| unknown(name))?;
    let digest = Digest::from_hex(hash, size).map_err(|_| bad_hash(hash))?;
    Ok((Resource { instance: instance.join("/"), function, digest, zstd }, rest))
}

fn unknown(name: &str) -> Refusal {
    let expected = "expected [INSTANCE/][uploads/ID/]blobs/[blake3/]HASH/SIZE";
    Refusal::Invalid(format!("'{name}' is no name of a resource; {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: DigestFunction = DigestFunction::Sha256;
    const BLAKE3: DigestFunction = DigestFunction::Blake3;

    fn check(name: &str, write: bool, expect: Option<(&str, DigestFunction, bool)>) {
        let name = name.replace("DIGEST", &Digest::of(b"x").to_string());
        let parsed = if write { Resource::to_write(&name) } else { Resource::to_read(&name) };
        let expect = expect.map(|(instance, function, zstd)| Resource {
            instance: instance.to_owned(),
            function,
            digest: Digest::of(b"x"),
            zstd,
        });
        assert_eq!(parsed.ok(), expect, "{name}");
    }

    #[test]
    fn names_to_read() {
        check("blobs/DIGEST", false, Some(("", SHA256, false)));
        check("blobs/blake3/DIGEST", false, Some(("", BLAKE3, false)));
        check("a/b/blobs/DIGEST", false, Some(("a/b", SHA256, false)));
        check("compressed-blobs/zstd/DIGEST", false, Some(("", SHA256, true)));
        check("a/compressed-blobs/zstd/blake3/DIGEST", false, Some(("a", BLAKE3, true)));
        check("compressed-blobs/identity/DIGEST", false, Some(("", SHA256, false)));
        for bad in [
            "",
            "blobs",
            "blobs/DIGEST/more",
            "blobs/xyz/1",
            "compressed-blobs/lz/DIGEST",
            "/blobs/x/-1",
            "blobs/sha256/DIGEST",
            "blobs/sha512/DIGEST",
            "blobs/BLAKE3/DIGEST",
            "blobs/blake3/blake3/DIGEST",
            "blobs/blake3",
            "blake3/DIGEST",
        ] {
            check(bad, false, None);
        }
    }

    #[test]
    fn the_name_of_a_blob_is_one_to_read() {
        for function in DigestFunction::ALL {
            let digest = function.of(b"x");
            let expect = Resource { instance: String::new(), function, digest, zstd: false };
            assert_eq!(Resource::to_read(&name(function, &digest)).ok(), Some(expect));
        }
    }

    #[test]
    fn names_to_write() {
        check("uploads/u/blobs/DIGEST", true, Some(("", SHA256, false)));
        check("uploads/u/blobs/blake3/DIGEST", true, Some(("", BLAKE3, false)));
        check("uploads/u/blobs/DIGEST/any/thing", true, Some(("", SHA256, false)));
        check("uploads/u/blobs/blake3/DIGEST/any", true, Some(("", BLAKE3, false)));
        check("a/uploads/u/compressed-blobs/zstd/DIGEST", true, Some(("a", SHA256, true)));
        check("uploads/u/compressed-blobs/zstd/blake3/DIGEST", true, Some(("", BLAKE3, true)));
        for bad in [
            "blobs/DIGEST",
            "uploads//blobs/DIGEST",
            "uploads/u",
            "uploads/u/b/DIGEST",
            "uploads/blobs/blake3/DIGEST",
        ] {
            check(bad, true, None);
        }
    }
}
