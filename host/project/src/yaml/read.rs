//! Reads a file into a mapping.

use std::io;
use std::path::Path;

use saphyr_parser::Parser;
use spec_model::{FileName, FilePosition, Mapping, NodeError};

use super::{INVALID_YAML, Limits, characters, node_builder};
use crate::LoadError;
use crate::text_pool::TextPool;

/// Reads a YAML file; messages call it `shown_as`. A file without content is an empty mapping.
///
/// # Errors
/// `missing-file`, `loading-directory` or `unreadable-file` when it cannot be read, `invalid-yaml` when it is not
/// what [`parse_text`] takes.
pub fn parse_file(path: &Path, shown_as: &str) -> Result<Mapping, LoadError> {
    parse_text(&read_text(path, shown_as)?, shown_as)
}

/// Reads the text of a file, no larger than the limit.
pub(crate) fn read_text(path: &Path, shown_as: &str) -> Result<String, LoadError> {
    as_text(spec_files::read(path, Limits::BYTES), shown_as)
}

/// Reads the text of a file in a folder that somebody else filled.
pub(crate) fn read_text_below(folder: &Path, path: &Path, shown_as: &str) -> Result<String, LoadError> {
    as_text(spec_files::read_below(folder, path, Limits::BYTES), shown_as)
}

fn as_text(bytes: io::Result<Vec<u8>>, shown_as: &str) -> Result<String, LoadError> {
    let bytes = bytes.map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => {
            LoadError::TooLarge { file: shown_as.to_owned(), limit: Limits::BYTES }
        }
        _ => LoadError::unreadable(shown_as, source),
    })?;
    String::from_utf8(bytes).map_err(|error| not_utf8(&error, shown_as))
}

/// Reads YAML text that messages call `shown_as`.
///
/// # Errors
/// `invalid-yaml` with the place when it is not one document with a dictionary at its top, nests deeper than 100
/// levels, has an anchor, a tag that is not YAML's own, a key that is no scalar or a key that occurs twice.
pub fn parse_text(text: &str, shown_as: &str) -> Result<Mapping, LoadError> {
    parse_shared(text, shown_as, &TextPool::default())
}

/// As [`parse_text`]; the mapping shares its texts with others of the pool.
pub(crate) fn parse_shared(text: &str, shown_as: &str, texts: &TextPool) -> Result<Mapping, LoadError> {
    let file = FileName::from(shown_as);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    characters::check_printable(text, &file)?;
    let mut builder = node_builder::NodeBuilder::new(file.clone(), text, texts);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let position = node_builder::position(&file, error.marker());
            NodeError::new(INVALID_YAML, Some(&position), format!("this is not YAML: {}", error.info()))
        })?;
        builder.take(event, span.start)?;
    }
    Ok(builder.finish())
}

fn not_utf8(error: &std::string::FromUtf8Error, shown_as: &str) -> LoadError {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let good = String::from_utf8_lossy(good);
    let line = u32::try_from(good.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
    let column = u32::try_from(good.rsplit('\n').next().unwrap_or("").chars().count()).unwrap_or(u32::MAX);
    let position = FilePosition { file: shown_as.into(), line, column: column.saturating_add(1) };
    NodeError::new(INVALID_YAML, Some(&position), "the file is not UTF-8 here")
        .with_hint("save it as UTF-8")
        .into()
}
