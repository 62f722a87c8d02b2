use super::*;

const MOST: u64 = 100_000_000;

/// How many calls a policy survives that uses so much for each.
fn calls(entries: usize, used: u64) -> usize {
    let mut account = FuelAccount::new(MOST);
    let call = |_: &usize| {
        let left = account.begin_call(entries).checked_sub(used);
        account.end_call(left.unwrap_or_default());
        left.is_some()
    };
    (0..10_000).take_while(call).count()
}

#[test]
fn one_call_gets_the_stock_and_no_more() {
    let mut account = FuelAccount::new(MOST);
    assert_eq!(account.begin_call(1_000_000), MOST);
    account.end_call(0);
    assert_eq!(account.begin_call(10), PER_CALL + 10 * PER_ENTRY);
    assert_eq!(account.begin_call(usize::MAX), MOST);
}

#[test]
fn who_uses_what_questions_add_lives_on() {
    assert_eq!(calls(100, PER_CALL + 100 * PER_ENTRY), 10_000);
    assert_eq!(calls(0, PER_CALL), 10_000);
}

#[test]
fn who_uses_more_ends_when_the_stock_is_empty() {
    let wasteful = calls(1, 10_000_000);
    assert!((10..15).contains(&wasteful), "{wasteful}");
    assert_eq!(calls(1, MOST + 1), 0);
}
