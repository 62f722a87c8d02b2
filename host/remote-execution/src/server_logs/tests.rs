use super::*;

#[test]
fn the_end_of_a_log_is_shown_and_of_one_that_is_not_there_the_name() {
    let long: String = (1..=30).map(|line| format!("line {line}\n")).collect();
    let shown = end_of("sandbox", 0, Some(long.as_bytes()));
    assert!(shown.starts_with("the last 20 lines of the cluster's log 'sandbox':\nline 11\n"), "{shown}");
    assert!(shown.ends_with("line 30"), "{shown}");
    assert_eq!(end_of("short", 0, Some(b"one\n")), "the cluster's log 'short':\none");
    assert_eq!(end_of("gone", 7, None), "the cluster's log 'gone' of 7 bytes is not shown");
}
