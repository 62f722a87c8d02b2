use spec_action::wire::digest_to_proto as wire;

use super::*;

#[test]
fn invalid_digests_are_rejected() {
    let good = Digest::of(b"x");
    assert_eq!(digest(&wire(&good)).ok(), Some(good));
    let negative = reapi::Digest { hash: good.hex(), size_bytes: -1 };
    for bad in [reapi::Digest::default(), negative, reapi::Digest { hash: "ab".repeat(20), size_bytes: 1 }] {
        assert_eq!(digest(&bad).expect_err("no digest").reason(), "invalid", "{bad:?}");
    }
}
