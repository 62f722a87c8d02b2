use super::*;

const SHA256: DigestFunction = DigestFunction::Sha256;
const BLAKE3: DigestFunction = DigestFunction::Blake3;

fn check(name: &str, write: bool, expect: Option<(&str, DigestFunction, bool)>) {
    let name = name.replace("DIGEST", &Digest::of(b"x").to_string());
    let parsed = if write { ResourceName::parse_write(&name) } else { ResourceName::parse_read(&name) };
    let expect = expect.map(|(instance, function, zstd)| ResourceName {
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
        let expect = ResourceName { instance: String::new(), function, digest, zstd: false };
        assert_eq!(ResourceName::parse_read(&blob_name(function, &digest)).ok(), Some(expect));
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
