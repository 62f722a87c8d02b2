//! Digests and ByteStream resource names as REAPI writes them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use spec_model::{Digest, DigestFunction};
use spec_proto::reapi;

pub(crate) fn digest_to_proto(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}

pub(crate) fn digest_from_proto(digest: &reapi::Digest) -> Option<Digest> {
    Digest::from_hex(&digest.hash, u64::try_from(digest.size_bytes).ok()?).ok()
}

/// The resource name to read a blob by.
pub(crate) fn read_name(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    format!("{}{}/{digest}", instance_prefix(instance), blobs_segments(function, zstd))
}

/// The resource name to write a blob by. Each call returns another one.
pub(crate) fn write_name(instance: &str, function: DigestFunction, digest: &Digest, zstd: bool) -> String {
    format!(
        "{}uploads/{}/{}/{digest}",
        instance_prefix(instance),
        unique_upload_id(),
        blobs_segments(function, zstd)
    )
}

/// REAPI: resource names contain the digest function, except for those that are older than this rule.
fn blobs_segments(function: DigestFunction, zstd: bool) -> &'static str {
    match (function, zstd) {
        (DigestFunction::Sha256, false) => "blobs",
        (DigestFunction::Sha256, true) => "compressed-blobs/zstd",
        (DigestFunction::Blake3, false) => "blobs/blake3",
        (DigestFunction::Blake3, true) => "compressed-blobs/zstd/blake3",
    }
}

fn instance_prefix(instance: &str) -> String {
    if instance.is_empty() { String::new() } else { format!("{instance}/") }
}

/// An upload id in the form of a UUID, made of the time, the process and a counter.
fn unique_upload_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let process = u128::from(std::process::id());
    let seed = [time, process, NEXT.fetch_add(1, Ordering::Relaxed).into()].map(u128::to_le_bytes).concat();
    let digits = Digest::of(&seed).hex();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..32]];
    parts.join("-")
}

#[cfg(test)]
mod tests;
