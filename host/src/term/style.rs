//! Colours, or none.

use std::fmt::Display;

use super::text::sanitize_line;

/// Whether texts are painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// As they are.
    #[default]
    Plain,
    /// With ANSI colours.
    Colour,
}

/// What a text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextRole {
    /// A heading.
    Bold,
    /// Of less interest.
    Dim,
    /// Gone well.
    Good,
    /// Suspicious.
    Warning,
    /// Gone wrong.
    Bad,
    /// An element's name.
    Name,
    /// A key.
    Key,
}

impl Style {
    /// The style for a stream: as the command line says, or else colours on a terminal, unless `NO_COLOR` is set or
    /// the terminal is dumb.
    pub(crate) fn choose(asked: Option<bool>, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if asked.unwrap_or(terminal && !set("NO_COLOR") && !dumb) { Self::Colour } else { Self::Plain }
    }

    /// The text, as one harmless line, in its colour.
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
