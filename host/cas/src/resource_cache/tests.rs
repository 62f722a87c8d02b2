use super::*;

#[test]
fn the_least_recently_used_value_is_dropped() {
    let cache = ResourceCache::default();
    let get = |number: usize, value| {
        let made = cache.get_or_make(Path::new(&number.to_string()), || Ok::<usize, ()>(value));
        *made.expect("it is made")
    };
    assert_eq!((get(0, 1), get(0, 2), get(1, 3)), (1, 1, 3));
    for number in 2..=CAPACITY {
        get(number, number);
        assert_eq!(get(0, 2), 1);
    }
    assert_eq!(get(1, 4), 4, "it was the least recently used");
    let other = cache.get_or_make(Path::new("0"), || Ok::<u8, ()>(5));
    assert!(other.is_ok_and(|other| *other == 5), "values of other types are other values");
}
