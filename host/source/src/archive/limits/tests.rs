use super::*;

const LIMITS: ArchiveLimits = ArchiveLimits { entries: 2, unpacked: 1000, ratio: 10, ratio_floor: 100 };

#[track_caller]
fn check(entries: &[(u64, u64)], good: bool) {
    let mut counter = LimitCounter::new(LIMITS);
    let outcome = entries.iter().try_for_each(|(size, read)| counter.entry(*size, *read));
    assert_eq!(outcome.is_ok(), good, "{entries:?}: {outcome:?}");
}

#[test]
fn bounds() {
    check(&[(500, 50), (500, 100)], true);
    check(&[(1, 1), (1, 1), (1, 1)], false);
    check(&[(1001, 1000)], false);
    check(&[(u64::MAX, 1000), (1, 1)], false);
    check(&[(100, 1)], true);
    check(&[(110, 10)], false);
}
