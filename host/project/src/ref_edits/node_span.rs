//! The positions of nodes in a text.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};
use spec_model::FilePosition;

/// The node that begins at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeSpan {
    /// A scalar: its bytes, and if it is empty the end of the key before it.
    Scalar { range: Range<usize>, key_end: Option<usize> },
    /// A dictionary: where its last entry ends (for empty braces the end of the opening one), and whether it is
    /// written in braces.
    Mapping { last: usize, flow: bool },
}

/// Finds the node that begins at a place; `None` when there is none, or one that cannot hold a ref.
pub(super) fn find_node(text: &str, position: &FilePosition) -> Option<NodeSpan> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offsets = Offsets::new(body, text.len() - body.len());
    let mut events = Parser::new_from_str(body);
    let mut before = None;
    loop {
        let (event, span) = events.next()?.ok()?;
        let here = begins_at(&span.start, position);
        match event {
            Event::MappingStart(..) if here => return mapping(&mut events, &span, &offsets),
            Event::Scalar(_, style, ..) if here => return scalar(style, &span, before.as_ref(), &offsets),
            Event::StreamEnd => return None,
            _ => before = Some(span),
        }
    }
}

/// The scalar at `span`, after the key at `before`.
fn scalar(style: ScalarStyle, span: &Span, before: Option<&Span>, offsets: &Offsets<'_>) -> Option<NodeSpan> {
    let mut range = offsets.range_of(Some(style), span)?;
    let key_end = offsets.range(before?)?.end;
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        // The parser reports where the contents begin; the indicator of the style is right after the key's colon.
        let rest = &offsets.body[key_end - offsets.shift..];
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        range.start = offsets.shift + offsets.body.len() - value.len();
    }
    let key_end = range.is_empty().then_some(key_end);
    Some(NodeSpan::Scalar { range, key_end })
}

/// Looks for the end of the dictionary that has just begun.
fn mapping<'t>(
    events: &mut impl Iterator<Item = Result<(Event<'t>, Span), ScanError>>,
    start: &Span,
    offsets: &Offsets<'_>,
) -> Option<NodeSpan> {
    let begin = offsets.range(start)?;
    let flow = offsets.body[begin.start - offsets.shift..].starts_with('{');
    let mut last = if flow { begin.start + 1 } else { begin.start };
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
            return Some(NodeSpan::Mapping {
                last: if flow && ends_in_nothing { brace } else { last },
                flow,
            });
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
    fn new(body: &'t str, shift: usize) -> Self {
        let starts = || body.char_indices().map(|(at, _)| at).collect();
        Self { body, shift, starts: (!body.is_ascii()).then(starts) }
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
