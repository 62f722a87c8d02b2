use proptest::prelude::*;

use super::*;
use crate::term::Style;

#[test]
fn what_a_terminal_obeys_is_shown() {
    for (text, one_line, lines) in [
        ("plain: äöü 日本", "plain: äöü 日本", "plain: äöü 日本"),
        ("a\tb\nc", "a b c", "a\tb\nc"),
        ("a\r\nb\rc", "a b\\rc", "a\nb\\rc"),
        ("a\x1b[31mred\x1b[0;1:2m", "ared", "ared"),
        ("\x1b[2J\x1b]0;title\x07", "\\u{1b}[2J\\u{1b}]0;title\\u{7}", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"),
        ("cut off\x1b[31", "cut off\\u{1b}[31", "cut off\\u{1b}[31"),
        ("\x1b", "\\u{1b}", "\\u{1b}"),
        ("a\x1b[3\x1b[1m1m", "a\\u{1b}[31m", "a\\u{1b}[31m"),
        ("\u{9b}31m\x7f\0", "\\u{9b}31m\\u{7f}\\u{0}", "\\u{9b}31m\\u{7f}\\u{0}"),
        ("a\u{202e}b\u{2066}\u{200f}", "a\\u{202e}b\\u{2066}\\u{200f}", "a\\u{202e}b\\u{2066}\\u{200f}"),
        ("a\u{2028}b", "a\\u{2028}b", "a\\u{2028}b"),
    ] {
        assert_eq!(sanitize_line(text), one_line);
        assert_eq!(sanitize_lines(text), lines);
        assert_eq!(Style::Plain.sanitize_output(text), lines);
    }
    assert_eq!(
        Style::Colour.sanitize_output("\x1b[1;31mred\x1b[0m\x1b[2J"),
        "\x1b[1;31mred\x1b[0m\\u{1b}[2J"
    );
}

/// Texts of what is dangerous, and of anything.
fn texts() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("\x1b".to_owned()),
        Just("[31m".to_owned()),
        Just("\u{9b}".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("\r\n".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_that_is_obeyed_is_left(text in texts()) {
        prop_assert!(!sanitize_line(&text).chars().any(is_obeyed));
        let layout = |c: &char| matches!(c, '\n' | '\t');
        prop_assert!(!sanitize_lines(&text).chars().filter(|c| !layout(c)).any(is_obeyed));
        let painted = Style::Colour.sanitize_output(&text);
        prop_assert_eq!(sanitize_lines(&painted), Style::Plain.sanitize_output(&painted));
        let escapes = painted.match_indices('\x1b').all(|(at, _)| colour_length(&painted[at..]) > 0);
        prop_assert!(escapes, "{}", painted.escape_debug());
    }

    #[test]
    fn json_says_the_same(text in texts()) {
        let value = serde_json::json!({ &text: [&text, 1] });
        for indented in [false, true] {
            let written = json_text(&value, indented);
            prop_assert!(!written.chars().filter(|c| *c != '\n').any(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<Value>(&written).expect("it is JSON"), value.clone());
        }
    }
}

#[test]
fn long_texts_are_cut() {
    assert_eq!(truncate_with_mark("abc", 3), "abc");
    assert_eq!(truncate_with_mark("abcd", 3), "ab…");
    assert_eq!(truncate_with_mark("日本語", 6), "日本語");
    assert_eq!(truncate_with_mark("日本語", 5), "日本…");
    assert_eq!(truncate_with_mark("日本語", 4), "日…");
    assert_eq!((display_width("日本"), display_width("e\u{301}")), (4, 1));
    assert_eq!((pad("日", 3), pad("abcd", 3)), ("日 ".to_owned(), "abcd".to_owned()));
}

#[test]
fn numbers_of_bytes() {
    let table = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (600_123_456, "600.1 MB")];
    for (number, expect) in table.into_iter().chain([(999_949, "999.9 kB"), (999_951, "1.0 MB")]) {
        assert_eq!(format_size(number), expect);
    }
}
