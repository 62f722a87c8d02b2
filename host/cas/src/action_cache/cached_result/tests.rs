use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn decoding_undoes_encoding_and_sees_damage(
        needs in prop::collection::vec((any::<[u8; 32]>(), any::<u64>()), 0..4),
        result: Vec<u8>,
        hit: prop::sample::Index,
    ) {
        let needs = needs.into_iter().map(|(hash, size)| Digest::new(hash, size)).collect();
        let entry = CachedResult { needs, result };
        let mut bytes = entry.encode();
        prop_assert_eq!(CachedResult::decode(&bytes), Some(entry));
        let at = hit.index(bytes.len());
        prop_assert_eq!(CachedResult::decode(&bytes[..at]), None);
        bytes[at] ^= 1;
        prop_assert_eq!(CachedResult::decode(&bytes), None);
    }
}
