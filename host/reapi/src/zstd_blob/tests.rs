use super::*;

#[test]
fn the_decompressed_size_must_be_as_announced() {
    let data = vec![7; 100_000];
    let compressed = compress(&data).expect("compresses");
    assert_eq!(decompress(&compressed, 100_000).expect("the right size"), data);
    for (bytes, size) in
        [(&compressed[..], 99_999), (&compressed, 100_001), (&compressed[..20], 100_000), (b"no", 2)]
    {
        assert_eq!(decompress(bytes, size).expect_err("wrong").reason(), "invalid", "{size}");
    }
}
