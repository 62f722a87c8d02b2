//! The format of lines about messages, as BuildStream's `message-format` describes it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The names that may stand between `%{` and `}`.
const NAMES: [(&str, Column); 8] = [
    ("elapsed", Column::Elapsed { microseconds: false }),
    ("elapsed-us", Column::Elapsed { microseconds: true }),
    ("wallclock", Column::Wallclock { microseconds: false }),
    ("wallclock-us", Column::Wallclock { microseconds: true }),
    ("key", Column::Key),
    ("element", Column::Element),
    ("action", Column::Action),
    ("message", Column::Message),
];

/// A part of a line that depends on the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// How long it took what has ended; dashes for all else.
    Elapsed { microseconds: bool },
    /// The time of the day, in UTC.
    Wallclock { microseconds: bool },
    /// The beginning of the element's key.
    Key,
    /// What is done, and the element.
    Element,
    /// The type of the message.
    Action,
    /// The text of the message.
    Message,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Column(Column),
}

/// The format of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageFormat {
    pieces: Vec<Piece>,
}

impl MessageFormat {
    /// Reads `%{NAME}`, `%%` and the text between them; the error says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find('%') {
            let (before, from) = rest.split_at(at);
            pieces.extend(
                Some(before).filter(|text| !text.is_empty()).map(|text| Piece::Text(text.to_owned())),
            );
            if let Some(after) = from.strip_prefix("%%") {
                pieces.push(Piece::Text("%".to_owned()));
                rest = after;
                continue;
            }
            let name = from.strip_prefix("%{").and_then(|from| from.split_once('}'));
            let Some((name, after)) = name else {
                return Err("a '%' is neither '%%' nor followed by a name, as in %{message}".to_owned());
            };
            let Some((_, column)) = NAMES.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
                return Err(format!("%{{{name}}} is none of {}", known.join(", ")));
            };
            pieces.push(Piece::Column(*column));
            rest = after;
        }
        pieces.extend(Some(rest).filter(|text| !text.is_empty()).map(|text| Piece::Text(text.to_owned())));
        Ok(Self { pieces })
    }

    /// The line, with the texts of its columns.
    pub(crate) fn line(&self, column: impl Fn(Column) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Column(wanted) => column(*wanted),
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// The text of a duration, `HH:MM:SS`; dashes without one.
pub(crate) fn elapsed_text(elapsed: Option<Duration>, microseconds: bool) -> String {
    let fraction = |digits: String| if microseconds { format!(".{digits}") } else { String::new() };
    match elapsed {
        Some(elapsed) => clock(elapsed.as_secs(), &fraction(format!("{:06}", elapsed.subsec_micros()))),
        None => format!("--:--:--{}", fraction("------".to_owned())),
    }
}

/// The time of the day, in UTC.
pub(crate) fn wallclock_text(now: SystemTime, microseconds: bool) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = if microseconds { format!(".{:06}", since.subsec_micros()) } else { String::new() };
    clock(since.as_secs() % (24 * 3600), &fraction)
}

fn clock(seconds: u64, fraction: &str) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

#[cfg(test)]
mod tests;
