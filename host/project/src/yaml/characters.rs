//! The characters of YAML texts.

use spec_model::{FileName, FilePosition, NodeError};

use super::INVALID_YAML;

/// Refuses control characters: a parser that takes NUL for the end of the text would silently drop the rest.
pub(super) fn check_printable(text: &str, file: &FileName) -> Result<(), NodeError> {
    let Some((index, bad)) = text.char_indices().find(|(_, c)| !is_printable(*c)) else {
        return Ok(());
    };
    let before = &text[..index];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let position = FilePosition { file: file.clone(), line: number(line), column: number(column) };
    let message = format!("the character U+{:04X} may not stand in YAML", u32::from(bad));
    Err(NodeError::new(INVALID_YAML, Some(&position), message).with_hint("remove it"))
}

/// YAML's set of printable characters (YAML 1.1, section 5.1), without the byte order mark.
fn is_printable(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' => true,
        '\u{feff}' => false,
        _ => ('\u{a0}'..='\u{fffd}').contains(&c) || c >= '\u{10000}',
    }
}

/// Removes the white space that Python's `str.strip` removes, as BuildStream does with every scalar.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}
