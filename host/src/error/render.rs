//! Renders an error as text, in the style of compilers.

use std::fmt::Write;
use std::path::Path;

use spec_model::FilePosition;
use spec_source::secret_login;

use super::CommandError;
use crate::term::{Style, TextRole, sanitize_line, sanitize_lines};

/// A source file is searched for the line of an error only up to this size, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

impl CommandError {
    /// The error as text with a newline at its end. Places in files are relative to `base`.
    pub(crate) fn render(&self, style: Style, base: &Path) -> String {
        let title = style.paint(TextRole::Bad, format_args!("error[{}]", self.0.reason));
        let mut text = format!("{title}: {}\n", sanitize_lines(self.0.message.trim_end()));
        if let Some(detail) = &self.0.detail {
            let _ = writeln!(text, "{}", sanitize_lines(detail.trim_end()));
        }
        if let Some(position) = &self.0.position {
            let arrow = style.paint(TextRole::Dim, "-->");
            let _ = writeln!(text, " {arrow} {}", sanitize_line(&position.to_string()));
            text.push_str(&excerpt(position, base, style).unwrap_or_default());
        }
        for cause in self.0.causes.iter().filter(|cause| !self.0.message.contains(cause.as_str())) {
            let _ = writeln!(
                text,
                "{}: {}",
                style.paint(TextRole::Dim, "caused by"),
                sanitize_lines(cause.trim_end())
            );
        }
        if let Some(hint) = &self.0.hint {
            let _ = writeln!(
                text,
                "{}: {}",
                style.paint(TextRole::Good, "help"),
                sanitize_lines(hint.trim_end())
            );
        }
        style.sanitize_output(&text)
    }
}

/// The line that a place names, with a mark below its column; nothing when it cannot be read.
fn excerpt(position: &FilePosition, base: &Path, style: Style) -> Option<String> {
    let path = base.join(&*position.file);
    let contents = spec_files::read_text(&path, LARGEST_FILE).ok()?;
    let line = hide_logins(contents.lines().nth((position.line as usize).checked_sub(1)?)?);
    let line = sanitize_lines(&line);
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let indent: String = line.chars().take((position.column as usize).saturating_sub(1)).map(blank).collect();
    let bar = style.paint(TextRole::Dim, "|");
    let caret = style.paint(TextRole::Bad, "^");
    let number = style.paint(TextRole::Dim, number);
    Some(format!(" {margin} {bar}\n {number} {bar} {line}\n {margin} {bar} {indent}{caret}\n"))
}

/// The line with the logins of its URLs hidden, as long as it was.
pub(super) fn hide_logins(line: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((scheme, after)) = rest.split_once("://") {
        let login = secret_login(scheme, after);
        shown.push_str(scheme);
        shown.push_str("://");
        shown.extend(login.chars().map(|_| '*'));
        rest = &after[login.len()..];
    }
    shown + rest
}

/// White space as wide as the character, for the line with the mark.
fn blank(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}
