use super::*;

#[test]
fn blobs_lie_below_the_first_two_digits() {
    let digest = Digest::of(b"");
    assert_eq!(BlobName::of(&digest).text(), format!("e3/{}", digest.hex()));
}
