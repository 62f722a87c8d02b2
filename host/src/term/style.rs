//! Colours, or none.

use std::fmt::Display;

use super::text::{Colours, LineBreaks, sanitize, sanitize_line};

/// Whether texts are painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without colours.
    #[default]
    Plain,
    /// With ANSI colours.
    Colour,
}

/// The role of a text, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextRole {
    /// A heading.
    Bold,
    /// Less important.
    Dim,
    /// Success.
    Good,
    /// Suspicious.
    Warning,
    /// Failure.
    Bad,
    /// An element's name.
    Name,
    /// A key.
    Key,
}

impl Style {
    /// The style for a stream: the one of the command line, or else colours on a terminal, unless `NO_COLOR` is set
    /// or the terminal is `dumb`.
    pub(crate) fn choose(asked: Option<bool>, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if asked.unwrap_or(terminal && !set("NO_COLOR") && !dumb) { Self::Colour } else { Self::Plain }
    }

    /// Sanitizes a whole output: its only control sequences are colours, and none if the style has none.
    pub(crate) fn sanitize_output(self, text: &str) -> String {
        let colours = if self == Self::Colour { Colours::Kept } else { Colours::Removed };
        sanitize(text, LineBreaks::Kept, colours)
    }

    /// The text as one sanitized line, in its colour.
    pub(crate) fn paint(self, ink: TextRole, text: impl Display) -> String {
        let code = match ink {
            TextRole::Bold => "1",
            TextRole::Dim => "2",
            TextRole::Good => "32",
            TextRole::Warning => "33",
            TextRole::Bad => "1;31",
            TextRole::Name => "1;34",
            TextRole::Key => "36",
        };
        let text = sanitize_line(&text.to_string());
        match self {
            Self::Plain => text,
            Self::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
