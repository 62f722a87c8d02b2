use super::*;

#[test]
fn published_bytes_are_added_to_a_count_that_is_not_outdated() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    for (text, expected) in [
        (format!("{now} 5\n"), Some(5)),
        (format!("{now} 5\n3\n4\n"), Some(12)),
        (format!("{now} 5\n3\n4"), Some(8)),
        (format!("{} 5\n", now - 100_000), None),
        (format!("{} 5\n", now + 100_000), None),
        (String::new(), None),
        ("x".to_owned(), None),
    ] {
        assert_eq!(sum_of_usage(&text), expected, "{text:?}");
    }
}
