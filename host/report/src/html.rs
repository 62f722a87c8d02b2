//! Texts and tables of HTML. Whatever comes from a recording goes through [`text`] or [`short`].

use std::fmt::Write;

/// The most characters of a text that is shown.
const MOST: usize = 160;

/// Escapes a text for contents and for attributes in quotation marks, in HTML and in SVG. What cannot be seen, or changes the
/// direction in which what follows is read, is replaced.
pub(crate) fn text(given: &str) -> String {
    let mut escaped = String::with_capacity(given.len());
    for character in given.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(' '),
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{ffff}' => escaped.push('\u{fffd}'),
            other if other.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes a text, and shortens it to a length that a table can show.
pub(crate) fn short(given: &str) -> String {
    text(&cut(given, MOST))
}

/// The last characters of a text, with a mark where something is missing: ends tell names apart.
pub(crate) fn cut(given: &str, most: usize) -> String {
    let count = given.chars().count();
    if count <= most {
        return given.to_owned();
    }
    let end: String = given.chars().skip(count + 1 - most).collect();
    format!("…{end}")
}

/// A time for people.
pub(crate) fn seconds(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}

/// A table with a caption, in a box that scrolls by itself. Heads and captions are texts; cells are HTML, and those of the
/// columns `numbers` are numbers.
pub(crate) fn table(caption: &str, heads: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> String {
    let mut html = scroll_box(caption);
    let _ = write!(html, "<table><caption>{}</caption><thead><tr>", text(caption));
    for (column, head) in heads.iter().enumerate() {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(numbers, column), text(head));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let tag = if column == 0 { "th scope=\"row\"" } else { "td" };
            let end = if column == 0 { "th" } else { "td" };
            let _ = write!(html, "<{tag}{}>{cell}</{end}>", class(numbers, column));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

fn class(numbers: &[usize], column: usize) -> &'static str {
    if numbers.contains(&column) { " class=\"number\"" } else { "" }
}

/// The beginning of a box that scrolls by itself, also with the keyboard.
pub(crate) fn scroll_box(label: &str) -> String {
    format!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n", text(label))
}

/// What a part of the page leaves out; nothing if that is nothing.
pub(crate) fn left_out(count: usize, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!("<p class=\"note\">Left out: {count} {}.</p>\n", text(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_place() {
        let hostile = "</script><img src=x onerror=\"alert('1')\">&\u{202e}\u{0}\n";
        let escaped = text(hostile);
        assert!(!escaped.contains(['<', '>', '"', '\'', '\u{202e}', '\0', '\n']), "{escaped}");
        assert_eq!(text("a & b"), "a &amp; b");
        assert!(text("\u{200b}\u{2066}\u{feff}").chars().all(|character| character == '\u{fffd}'));
    }

    #[test]
    fn long_texts_keep_their_end() {
        assert_eq!(cut("abcdef", 4), "…def");
        assert_eq!(cut("äöü", 3), "äöü");
        assert!(short(&"<".repeat(10_000)).len() < 1_000);
    }
}
