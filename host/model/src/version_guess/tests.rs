use super::guess_version;

#[test]
fn the_match_with_the_most_groups_is_the_version() {
    let guess = |text, pattern| guess_version(text, pattern).expect("a pattern");
    for (text, pattern, version) in [
        ("https://example.org/releases/1.2/pony-1.2.3.tgz", None, Some("1.2.3")),
        ("https://example.org/pony-1.2.tgz", None, Some("1.2")),
        ("https://example.org/pony.tgz", None, None),
        ("pony_v2_4_93.tgz", Some(r"(\d+)_(\d+)_(\d+)"), Some("2.4.93")),
        ("release-1_2_3-r2", Some(r"(\d+)_(\d+)(?:_(\d+))?(?:\-(r\d+))?"), Some("1.2.3.r2")),
        ("v17", Some(r"\d+"), Some("17")),
        ("1.2 and 3.4", None, Some("1.2")),
    ] {
        assert_eq!(guess(text, pattern).as_deref(), version, "{text}");
    }
}

#[test]
fn a_pattern_that_is_none_is_an_error() {
    assert!(guess_version("1.2", Some("(")).is_err());
}
