use spec_model::Key;

use super::*;

/// A mixer of 64 bits (splitmix64's), which the oracle of golden.txt uses too.
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Comparisons of the numbers 0, 1, ...: a total order, one with many equal items, and three that are not orders.
fn before(mode: u64, seed: u64, x: u64, y: u64) -> bool {
    let [a, b] = [x, y].map(|n| mix(seed * 1_000_003 + n));
    match mode {
        0 => a < b,
        1 => a % 8 < b % 8,
        2 if mix(a ^ b).is_multiple_of(8) => x > y,
        2 => x < y,
        3 => !mix(a.wrapping_mul(3).wrapping_add(b)).is_multiple_of(2),
        _ if mix(a ^ b).is_multiple_of(16) => a < b,
        _ => x * 7 % 97 < y * 7 % 97,
    }
}

/// golden.txt has, for a mode, a length and a seed, the first digits of the SHA-256 of the order that CPython's
/// `sorted` gives.
#[test]
fn orders_are_those_of_cpython() {
    let mut checked = 0;
    for line in include_str!("golden.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| fields[index].parse::<u64>().expect("a number");
        let (mode, length, seed) = (number(0), number(1), number(2));
        let mut items: Vec<u64> = (0..length).collect();
        timsort(&mut items, &mut |x, y| before(mode, seed, *x, *y));
        let text = items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        assert_eq!(Key::of(text.as_bytes()).brief(16), fields[3], "mode {mode}, {length} items, seed {seed}");
        checked += 1;
    }
    assert_eq!(checked, 210);
}

proptest::proptest! {
    #[test]
    fn sorts_as_the_standard_sort_does(mut items: Vec<(u8, u16)>) {
        let mut expected = items.clone();
        expected.sort_by_key(|(key, _)| *key);
        timsort(&mut items, &mut |x, y| x.0 < y.0);
        proptest::prop_assert_eq!(items, expected);
    }
}
