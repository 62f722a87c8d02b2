use super::*;

#[test]
fn magic_numbers() {
    for (start, expect) in [
        (&b"\x1f\x8b\x08"[..], Compression::Gzip),
        (b"BZh9", Compression::Bzip2),
        (b"\xfd7zXZ\0", Compression::Xz),
        (b"\x5d\0\0\x80", Compression::Xz),
        (b"LZIP\x01", Compression::Lzip),
        (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        (b"a.txt\0", Compression::None),
        (b"", Compression::None),
    ] {
        assert_eq!(detect(start), expect, "{start:?}");
    }
}
