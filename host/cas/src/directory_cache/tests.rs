use super::*;

#[test]
fn what_is_used_stays_and_the_rest_goes() {
    let cache = DirectoryCache::default();
    let digest = |n: usize| Digest::of(&n.to_le_bytes());
    for n in 0..LIMIT * 3 {
        cache.insert(digest(n), Arc::default());
        assert!(cache.find(&digest(0)).is_some());
    }
    assert!(cache.find(&digest(1)).is_none());
    let generations = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(generations.young.len() + generations.old.len() <= 2 * LIMIT);
}
