use super::*;

#[test]
fn a_batch_is_within_the_limit() {
    let sized = |size| Digest::new([0; 32], size);
    let [small, half, large] = [10, 500, 1000].map(sized);
    let batch = |digests: &[Digest]| Transfer::Batch(digests.to_vec());
    for (digests, expect) in [
        (vec![], vec![]),
        (vec![small, half], vec![batch(&[small, half])]),
        (vec![half, half], vec![batch(&[half]), batch(&[half])]),
        (vec![small, large, small], vec![Transfer::Stream(large), batch(&[small, small])]),
    ] {
        assert_eq!(Vec::from(plan_transfers(&digests, 1000)), expect, "{digests:?}");
    }
}
