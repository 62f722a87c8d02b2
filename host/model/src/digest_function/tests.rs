use proptest::prelude::*;

use super::*;

#[test]
fn known_digests() {
    let a_million = vec![b'a'; 1_000_000];
    let table: [(DigestFunction, &[u8], &str); 6] = [
        (DigestFunction::Sha256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (DigestFunction::Sha256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            DigestFunction::Sha256,
            &a_million,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ),
        (DigestFunction::Blake3, b"", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (DigestFunction::Blake3, b"abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
        (DigestFunction::Blake3, b"\0", "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    ];
    for (function, bytes, hex) in table {
        assert_eq!(function.of(bytes).to_string(), format!("{hex}/{}", bytes.len()), "{function}");
    }
}

proptest! {
    #[test]
    fn pieces_and_whole_agree(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..9)) {
        for function in DigestFunction::ALL {
            let mut hasher = function.hasher();
            pieces.iter().for_each(|piece| hasher.update(piece));
            prop_assert_eq!(hasher.finish(), function.of(&pieces.concat()));
        }
    }
}
