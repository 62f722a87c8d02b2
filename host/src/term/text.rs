//! Texts from elsewhere, made harmless for a terminal.

/// The text without control characters; tabs and line ends become spaces.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\t' | '\n' => clean.push(' '),
            '\x1b' => skip_escape(&mut chars),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

/// Passes over the rest of an ANSI escape sequence such as a colour.
fn skip_escape(chars: &mut std::str::Chars<'_>) {
    if chars.next() == Some('[') {
        chars.find(|c| ('@'..='~').contains(c));
    }
}

/// The first `width` characters, with a mark at the end when there are more.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A number of bytes such as `12.3 MB`.
pub(crate) fn bytes(number: u64) -> String {
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
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\x1b[31mred\x1b[0m\tb\r\nc\x07"), "ared b c");
        assert_eq!(clean("cut off\x1b["), "cut off");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
    }

    #[test]
    fn numbers_of_bytes() {
        let table = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (600_123_456, "600.1 MB")];
        for (number, expect) in table.into_iter().chain([(999_949, "999.9 kB"), (999_951, "1.0 MB")]) {
            assert_eq!(bytes(number), expect);
        }
    }
}
