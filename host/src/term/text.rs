//! Texts from elsewhere, made harmless for a terminal.
//!
//! What projects, plugins, commands and servers say is shown, but must not do anything: control characters move the
//! cursor, change the window's title or send input back, and marks of the direction of writing show a line other than
//! it is. Two things see to that. Whoever puts such a text into a message makes it harmless with [`sanitize_line`] or [`sanitize_lines`];
//! and all that is written passes [`sanitize_output`], which lets nothing of the kind through but colours.

use serde_json::Value;

use super::Style;

/// The text as one line without colours; other control characters are shown as `\u{1b}`.
pub(crate) fn sanitize_line(text: &str) -> String {
    sanitize(text, LineBreaks::Joined, Style::Plain)
}

/// The text as [`sanitize_line`] makes it, but with its lines and tabs.
pub(crate) fn sanitize_lines(text: &str) -> String {
    sanitize(text, LineBreaks::Kept, Style::Plain)
}

/// A whole output, whose only control sequences are colours; none if the style has none.
pub(crate) fn sanitize_output(text: &str, style: Style) -> String {
    sanitize(text, LineBreaks::Kept, style)
}

/// A value as JSON, on one line or indented. What a terminal would obey is written as `\u001b`, which JSON's readers
/// take for the same.
pub(crate) fn json_text(value: &Value, indented: bool) -> String {
    let text = if indented { format!("{value:#}") } else { value.to_string() };
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Within its strings there is none.
            '\n' => harmless.push(c),
            c if is_obeyed(c) => harmless.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => harmless.push(c),
        }
    }
    harmless
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineBreaks {
    Kept,
    Joined,
}

fn sanitize(text: &str, breaks: LineBreaks, style: Style) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = colour_length(rest);
        if style == Style::Colour {
            harmless.push_str(&rest[..colour]);
        }
        if colour > 0 {
            rest = &rest[colour..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' if rest.starts_with('\n') => {}
            '\n' | '\t' if breaks == LineBreaks::Joined => harmless.push(' '),
            '\n' | '\t' => harmless.push(c),
            c if is_obeyed(c) => harmless.extend(c.escape_default()),
            c => harmless.push(c),
        }
    }
    harmless
}

/// Whether a terminal, or what lays out text, obeys the character instead of showing it: control characters, and marks
/// of the direction of writing or the end of lines.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The bytes of the colour that the text begins with; 0 if it begins with something else.
fn colour_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else { return 0 };
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).unwrap_or(parameters.len());
    if parameters[end..].starts_with('m') { 2 + end + 1 } else { 0 }
}

/// The first `width` characters, with a mark at the end when there are more.
pub(crate) fn truncate_with_mark(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A number of bytes such as `12.3 MB`.
pub(crate) fn format_size(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            assert_eq!(sanitize_output(text, Style::Plain), lines);
        }
        assert_eq!(
            sanitize_output("\x1b[1;31mred\x1b[0m\x1b[2J", Style::Colour),
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
            let painted = sanitize_output(&text, Style::Colour);
            prop_assert_eq!(sanitize_lines(&painted), sanitize_output(&painted, Style::Plain));
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
    }

    #[test]
    fn numbers_of_bytes() {
        let table = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (600_123_456, "600.1 MB")];
        for (number, expect) in table.into_iter().chain([(999_949, "999.9 kB"), (999_951, "1.0 MB")]) {
            assert_eq!(format_size(number), expect);
        }
    }
}
