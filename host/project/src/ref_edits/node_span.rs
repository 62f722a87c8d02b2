//! The positions of nodes in a text.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};
use spec_model::FilePosition;

/// What kind of node stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Scalar,
    Sequence,
    Mapping,
}

/// The value of an entry of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueSpan {
    pub(super) kind: ValueKind,
    /// Its bytes; none for an empty scalar.
    pub(super) range: Range<usize>,
    /// The column that it begins in, from 0.
    pub(super) column: usize,
    /// The column of its key, from 0.
    pub(super) key_column: usize,
    /// The byte after the colon of its key.
    pub(super) colon: usize,
    /// Whether it is a collection in braces or brackets.
    pub(super) is_flow: bool,
    /// Whether it stands inside of braces.
    pub(super) in_braces: bool,
}

/// A dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DictionarySpan {
    /// Where its last entry ends; for empty braces the end of the opening one.
    pub(super) last: usize,
    /// Whether it is written in braces.
    pub(super) flow: bool,
}

/// Finds the value that begins at a place, after the scalar that is its key.
pub(super) fn find_value(text: &str, position: &FilePosition) -> Option<ValueSpan> {
    let offsets = Offsets::of(text);
    let mut events = Parser::new_from_str(offsets.body);
    let (mut before, mut collections) = (None, Vec::new());
    loop {
        let (event, span) = events.next()?.ok()?;
        let here = begins_at(&span.start, position);
        match event {
            Event::StreamEnd => return None,
            Event::MappingStart(..) | Event::SequenceStart(..) | Event::Scalar(..) if here => {
                let in_braces = collections.last().copied().unwrap_or_default();
                return value(&mut events, (event, &span), before.as_ref()?, in_braces, &offsets);
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => collections.push(offsets.is_flow(&span)?),
            Event::MappingEnd | Event::SequenceEnd => drop(collections.pop()),
            _ => {}
        }
        before = Some(span);
    }
}

fn value<'t>(
    events: &mut impl Iterator<Item = Result<(Event<'t>, Span), ScanError>>,
    (event, span): (Event<'t>, &Span),
    key: &Span,
    in_braces: bool,
    offsets: &Offsets<'_>,
) -> Option<ValueSpan> {
    let key_end = offsets.range(key)?.end;
    let colon = key_end + offsets.body[key_end - offsets.shift..].find(':').map_or(0, |at| at + 1);
    let (kind, range, is_flow) = match event {
        Event::Scalar(_, style, ..) => (ValueKind::Scalar, scalar(style, span, key_end, offsets)?, false),
        _ => {
            let kind = if matches!(event, Event::MappingStart(..)) {
                ValueKind::Mapping
            } else {
                ValueKind::Sequence
            };
            let found = collection(events, span, offsets)?;
            (kind, found.range, found.flow)
        }
    };
    let (mut range, mut column, key_column) = (range, span.start.col(), key.start.col());
    if kind == ValueKind::Sequence
        && !is_flow
        && let Some(dash) = offsets.dash_between(colon, range.start, key_column)
    {
        (range.start, column) = (dash, key_column);
    }
    Some(ValueSpan { kind, range, column, key_column, colon, is_flow, in_braces })
}

/// Finds the dictionary that begins at a place.
pub(super) fn find_dictionary(text: &str, position: &FilePosition) -> Option<DictionarySpan> {
    let offsets = Offsets::of(text);
    let mut events = Parser::new_from_str(offsets.body);
    loop {
        let (event, span) = events.next()?.ok()?;
        match event {
            Event::MappingStart(..) if begins_at(&span.start, position) => {
                let CollectionSpan { last, flow, .. } = collection(&mut events, &span, &offsets)?;
                return Some(DictionarySpan { last, flow });
            }
            Event::StreamEnd => return None,
            _ => {}
        }
    }
}

/// The bytes of the scalar at `span`, after a key.
fn scalar(style: ScalarStyle, span: &Span, key_end: usize, offsets: &Offsets<'_>) -> Option<Range<usize>> {
    let mut range = offsets.range_of(Some(style), span)?;
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        // The parser reports where the contents begin; the indicator of the style is right after the key's colon.
        let rest = &offsets.body[key_end - offsets.shift..];
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        range.start = offsets.shift + offsets.body.len() - value.len();
    }
    Some(range)
}

/// A sequence or mapping.
struct CollectionSpan {
    /// All of its bytes.
    range: Range<usize>,
    /// Where its last entry ends; for empty braces the end of the opening one.
    last: usize,
    /// Whether it is written in braces or brackets.
    flow: bool,
}

/// Looks for the end of the collection that has just begun.
fn collection<'t>(
    events: &mut impl Iterator<Item = Result<(Event<'t>, Span), ScanError>>,
    start: &Span,
    offsets: &Offsets<'_>,
) -> Option<CollectionSpan> {
    let begin = offsets.range(start)?.start;
    let flow = offsets.is_flow(start)?;
    let mut last = if flow { begin + 1 } else { begin };
    let (mut depth, mut ends_in_nothing) = (1, false);
    loop {
        let (event, span) = events.next()?.ok()?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let brace = offsets.byte(span.start.index())?;
            // After a comma at its end the parser reports the comma.
            let closing = offsets.body[brace - offsets.shift..].find(['}', ']']);
            let end = if flow { brace + closing? + 1 } else { last };
            let last = if flow && ends_in_nothing { brace } else { last };
            return Some(CollectionSpan { range: begin..end, last, flow });
        }
        // For an omitted value, as in `{a, b: }`, the parser reports an empty range or the indicator that follows.
        let is_scalar = matches!(event, Event::Scalar(..));
        ends_in_nothing = flow && is_scalar && (span.is_empty() || offsets.is_at_sign(&span));
        if ends_in_nothing {
            continue;
        }
        if !span.is_empty() && !matches!(event, Event::MappingStart(..) | Event::SequenceStart(..)) {
            let style = if let Event::Scalar(_, style, ..) = event { Some(style) } else { None };
            last = last.max(offsets.range_of(style, &span)?.end);
        }
    }
}

fn begins_at(mark: &Marker, position: &FilePosition) -> bool {
    mark.line() == position.line as usize && mark.col() + 1 == position.column as usize
}

/// Turns the parser's positions in characters into positions in bytes.
struct Offsets<'t> {
    body: &'t str,
    /// The bytes of a byte order mark before the body.
    shift: usize,
    /// The offset of each character; `None` when each is one byte. It is a table because a dictionary needs the
    /// positions of all its nodes.
    starts: Option<Vec<usize>>,
}

impl<'t> Offsets<'t> {
    fn of(text: &'t str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let shift = text.len() - body.len();
        let starts = || body.char_indices().map(|(at, _)| at).collect();
        Self { body, shift, starts: (!body.is_ascii()).then(starts) }
    }

    /// The first dash that begins a line in a column. Of a sequence that is not indented more than its key, the parser may report the
    /// place behind the dash.
    fn dash_between(&self, from: usize, to: usize, column: usize) -> Option<usize> {
        let text = &self.body[from - self.shift..to - self.shift];
        let lines = text.match_indices('\n').map(|(at, _)| at + 1);
        let is_dash = |start: &usize| {
            let line = &text[*start..];
            let indent = line.len() - line.trim_start_matches(' ').len();
            indent == column && line[indent..].starts_with('-')
        };
        lines.filter(is_dash).map(|start| from + start + column).next()
    }

    /// Whether the collection that begins there is written in braces or brackets.
    fn is_flow(&self, span: &Span) -> Option<bool> {
        let start = self.byte(span.start.index())? - self.shift;
        Some(self.body[start..].starts_with(['{', '[']))
    }

    /// Whether an indicator of a flow collection is where the parser says that a scalar begins.
    fn is_at_sign(&self, span: &Span) -> bool {
        let start = self.byte(span.start.index()).map(|start| start - self.shift);
        start.is_some_and(|start| self.body[start..].trim_start().starts_with([',', '}', ']']))
    }

    /// The bytes of a span without the white space that the parser includes in some nodes.
    fn range(&self, span: &Span) -> Option<Range<usize>> {
        let (start, end) = (self.byte(span.start.index())?, self.byte(span.end.index())?);
        let text = &self.body[start - self.shift..end.max(start) - self.shift];
        Some(start..start + text.trim_end().len())
    }

    /// The bytes of a scalar of that style, or of the indicator that ends a collection. The parser includes the rest
    /// of the line in those with an end indicator.
    fn range_of(&self, style: Option<ScalarStyle>, span: &Span) -> Option<Range<usize>> {
        let range = self.range(span)?;
        let length = match style {
            None => range.len().min(1),
            Some(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => {
                quoted_length(&self.body[range.start - self.shift..])
            }
            Some(_) => range.len(),
        };
        Some(range.start..range.start + length)
    }

    fn byte(&self, index: usize) -> Option<usize> {
        let start = match &self.starts {
            None => Some(index).filter(|index| *index < self.body.len()),
            Some(starts) => starts.get(index).copied(),
        };
        let count = || self.starts.as_ref().map_or(self.body.len(), Vec::len);
        start.or_else(|| (index == count()).then_some(self.body.len())).map(|byte| byte + self.shift)
    }
}

/// The length of the quoted scalar that a text begins with, in bytes.
fn quoted_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate();
    let quote = bytes.next().map(|(_, quote)| quote);
    while let Some((at, byte)) = bytes.next() {
        let doubled = byte == b'\'' && text[at + 1..].starts_with('\'');
        if Some(byte) == quote && !(doubled && quote == Some(b'\'')) {
            return at + 1;
        }
        if byte == b'\\' && quote == Some(b'"') || doubled {
            bytes.next();
        }
    }
    text.len()
}
