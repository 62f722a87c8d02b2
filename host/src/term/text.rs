//! Sanitizes texts from outside for terminals.
//!
//! Texts of projects, plugins, commands and servers are shown, but must have no effects: control characters could
//! move the cursor, change the window's title or send input back, and marks of the direction of writing could make a
//! line look different. Whoever puts such a text into a message calls [`sanitize_line`] or [`sanitize_lines`]; and
//! everything that is written passes [`Style::sanitize_output`](super::Style::sanitize_output), which keeps only
//! colours.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text as one line without colours; other control characters are shown as `\u{1b}`.
pub(crate) fn sanitize_line(text: &str) -> String {
    sanitize(text, LineBreaks::Joined, Colours::Removed)
}

/// The text as [`sanitize_line`] makes it, but with its lines and tabs.
pub(crate) fn sanitize_lines(text: &str) -> String {
    sanitize(text, LineBreaks::Kept, Colours::Removed)
}

/// A value as JSON, on one line or indented. Control characters are written as `\u001b`, which is equal for readers
/// of JSON.
pub(crate) fn json_text(value: &Value, indented: bool) -> String {
    let text = if indented { format!("{value:#}") } else { value.to_string() };
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Strings have no unescaped newlines.
            '\n' => harmless.push(c),
            c if is_obeyed(c) => harmless.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => harmless.push(c),
        }
    }
    harmless
}

/// How line breaks and tabs are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineBreaks {
    Kept,
    /// They become spaces.
    Joined,
}

/// How ANSI colours are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Kept,
    Removed,
}

/// The text with all characters that a terminal would obey escaped.
pub(super) fn sanitize(text: &str, breaks: LineBreaks, colours: Colours) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = colour_length(rest);
        if colours == Colours::Kept {
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

/// Whether a terminal obeys the character instead of showing it: control characters, and marks of the direction of
/// writing or the end of lines.
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

/// The number of columns that a text takes on a terminal.
pub(super) fn display_width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The beginning of the text in at most `width` columns, with a mark at the end when there is more.
pub(crate) fn truncate_with_mark(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let (mut short, mut columns) = (String::new(), 1);
    for c in text.chars() {
        columns += c.width().unwrap_or(0);
        if columns > width {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// The text with spaces at its end, so that it takes at least `width` columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(display_width(text));
    format!("{text}{}", " ".repeat(missing))
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
mod tests;
