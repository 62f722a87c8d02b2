//! Digests and names as they are on the wire.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use spec_model::{Digest, DigestFunction};
use spec_proto::reapi;

pub(crate) fn to_wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}

pub(crate) fn from_wire(digest: &reapi::Digest) -> Option<Digest> {
    Digest::from_hex(&digest.hash, u64::try_from(digest.size_bytes).ok()?).ok()
}

/// The name of a blob to read, as `ByteStream` has it.
pub(crate) fn to_read(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    format!("{}{}/{digest}", prefix(instance), kind(function, zstd))
}

/// The name of a blob to write. No two writes have the same.
pub(crate) fn to_write(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    format!("{}uploads/{}/{}/{digest}", prefix(instance), unique(), kind(function, zstd))
}

/// REAPI has the digest function named only where it is younger than the names.
fn kind(function: DigestFunction, zstd: bool) -> &'static str {
    match (function, zstd) {
        (DigestFunction::Sha256, false) => "blobs",
        (DigestFunction::Sha256, true) => "compressed-blobs/zstd",
        (DigestFunction::Blake3, false) => "blobs/blake3",
        (DigestFunction::Blake3, true) => "compressed-blobs/zstd/blake3",
    }
}

fn prefix(instance: &str) -> String {
    if instance.is_empty() { String::new() } else { format!("{instance}/") }
}

/// In the form of a UUID, which servers may ask for; made of time, process and a counter, which no other client has.
fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let process = u128::from(std::process::id());
    let seed = [time, process, NEXT.fetch_add(1, Ordering::Relaxed).into()].map(u128::to_le_bytes).concat();
    let digits = Digest::of(&seed).hex();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..32]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use DigestFunction::{Blake3, Sha256};

    use super::*;

    #[test]
    fn names() {
        let digest = Digest::of(b"x");
        assert_eq!(to_read("", Sha256, &digest, false), format!("blobs/{digest}"));
        assert_eq!(
            to_read("a/b", Blake3, &digest, true),
            format!("a/b/compressed-blobs/zstd/blake3/{digest}")
        );
        let name = to_write("", Sha256, &digest, false);
        let id = name.strip_prefix("uploads/").and_then(|rest| rest.split('/').next()).expect("an upload");
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{name}");
        assert_ne!(to_write("", Sha256, &digest, false), name);
    }
}
