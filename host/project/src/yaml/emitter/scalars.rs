//! Writes scalars, and folds lines longer than 9999 columns.

use super::Emitter;
use super::quoting::{BREAKS, QuoteStyle};

const WIDTH: usize = 9999;

impl Emitter {
    /// Writes a scalar; lines that it is folded into begin at `indent`.
    pub(super) fn scalar(&mut self, text: &str, indent: usize, style: QuoteStyle) {
        let indent = indent.max(2);
        match style {
            QuoteStyle::Plain => self.plain(text, indent),
            QuoteStyle::Single => self.single(text, indent),
            QuoteStyle::Double => self.double(text, indent),
        }
    }

    fn plain(&mut self, text: &str, indent: usize) {
        for piece in pieces(text) {
            let length = piece.chars().count();
            if !piece.starts_with(' ') {
                if length + self.column > WIDTH && self.column > indent {
                    self.line(indent);
                }
                self.put(piece);
            } else if length == 1 && self.column >= WIDTH {
                self.line(indent);
            } else {
                self.put(piece);
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize) {
        self.put("'");
        let mut end = 0;
        for piece in pieces(text) {
            let inner = end > 0 && end + piece.len() < text.len();
            end += piece.len();
            if piece == " " && self.column > WIDTH && inner {
                self.line(indent);
            } else if piece.starts_with(BREAKS) {
                self.single_breaks(piece, indent);
            } else {
                self.put(&piece.replace('\'', "''"));
            }
        }
        self.put("'");
    }

    /// Line breaks inside single quotes: one is doubled, for a lone one would read as a space.
    fn single_breaks(&mut self, breaks: &str, indent: usize) {
        if breaks.starts_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(breaks);
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn double(&mut self, text: &str, indent: usize) {
        let characters: Vec<char> = text.chars().collect();
        self.put("\"");
        // The start of the part that is not written yet; its length counts for the width.
        let mut start = 0;
        for end in 0..=characters.len() {
            let c = characters.get(end).copied();
            if c.is_none_or(needs_escape) {
                self.put(&characters[start.min(end)..end].iter().collect::<String>());
                start = end;
                if let Some(c) = c {
                    self.put(&escape(c));
                    start = end + 1;
                }
            }
            let inside = 0 < end && end + 1 < characters.len();
            let pending = end.saturating_sub(start);
            if inside && (c == Some(' ') || start >= end) && self.column + pending > WIDTH {
                start = self.fold(&characters, start, end, indent);
            }
        }
        self.put("\"");
    }

    /// Folds a line in double quotes at `end`; returns where the text goes on.
    fn fold(&mut self, text: &[char], start: usize, end: usize, indent: usize) -> usize {
        let backslash = if needs_backslash(text, start, end) { "\\" } else { "" };
        self.put(&text[start.min(end)..end].iter().collect::<String>());
        self.put(backslash);
        self.line(indent);
        let next = start.max(end);
        if text[next] != ' ' {
            return next;
        }
        self.put(backslash);
        // Without a backslash the line break itself reads as the space.
        if backslash.is_empty() { next + 1 } else { next }
    }
}

/// Whether a fold at `end` must be escaped, by ruamel.yaml's rules about what follows up to the next space.
fn needs_backslash(text: &[char], start: usize, end: usize) -> bool {
    let find =
        |c: char, until: usize| text[end..until].iter().position(|found| *found == c).map(|at| end + at);
    let Some(space) = find(' ', text.len()) else {
        return true;
    };
    let stop = find('\n', space).unwrap_or(space);
    let Some(after) = text.get(stop + 1) else {
        return true;
    };
    if text[stop] == '\n' && *after != ' ' {
        return true;
    }
    let quotes = text[end..stop].iter().any(|c| matches!(c, '"' | '\''));
    let doubled = text[end - 1..=end] == [' ', ' '];
    quotes || matches!(after, ' ' | '\n') || doubled || start == end
}

/// Cuts a text into runs of spaces, runs of line breaks and runs of other characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let class = |c: char| if c == ' ' { 0 } else { 1 + usize::from(BREAKS.contains(&c)) };
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = class(rest.chars().next()?);
        let end = rest.find(|c| class(c) != first).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn needs_escape(c: char) -> bool {
    let printable = (' '..='~').contains(&c) || ('\u{a0}'..='\u{fffd}').contains(&c) || c >= '\u{10000}';
    "\"\\\u{85}\u{2028}\u{2029}\u{feff}".contains(c) || !printable
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if c <= '\u{ff}' => return format!("\\x{:02X}", u32::from(c)),
        _ if c <= '\u{ffff}' => return format!("\\u{:04X}", u32::from(c)),
        _ => return format!("\\U{:08X}", u32::from(c)),
    };
    format!("\\{short}")
}
