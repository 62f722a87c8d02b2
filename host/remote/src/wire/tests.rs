use DigestFunction::{Blake3, Sha256};

use super::*;

#[test]
fn names() {
    let digest = Digest::of(b"x");
    assert_eq!(read_name("", Sha256, &digest, false), format!("blobs/{digest}"));
    assert_eq!(read_name("a/b", Blake3, &digest, true), format!("a/b/compressed-blobs/zstd/blake3/{digest}"));
    let name = write_name("", Sha256, &digest, false);
    let id = name.strip_prefix("uploads/").and_then(|rest| rest.split('/').next()).expect("an upload");
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{name}");
    assert_ne!(write_name("", Sha256, &digest, false), name);
}
