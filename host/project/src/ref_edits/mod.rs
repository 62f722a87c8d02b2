//! Writes refs back into the files that declare them, without changing anything else.

mod check;
mod node_span;

use std::collections::BTreeMap;
use std::path::PathBuf;

use spec_model::{FilePosition, Node, NodeError};

use crate::element::RefPlace;
use crate::project_refs::{self, PROJECT_REFS};
use crate::yaml::{dump, inline_scalar, parse_text, read_text};
use crate::{LoadError, Project};
use node_span::{NodeSpan, find_node};

/// A new ref for a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRef {
    /// The index of the element.
    pub element: usize,
    /// The index of the source among the element's sources.
    pub source: usize,
    /// The ref.
    pub text: String,
}

/// A file with its new contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// The file.
    pub path: PathBuf,
    /// All of its new text.
    pub text: String,
}

/// A replacement of some bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TextEdit {
    range: std::ops::Range<usize>,
    replacement: String,
}

/// The files that change when sources of a project get new refs. Nothing is written.
///
/// # Errors
/// `source-not-in-file` for a source that no file declares, `stale-place` when a file has changed since the project
/// was loaded, `ref-not-writable` when more than a ref would change, and the errors of reading it.
pub fn set_refs(project: &Project, refs: &[NewRef]) -> Result<Vec<ChangedFile>, LoadError> {
    let mut positions: BTreeMap<&str, Vec<(&RefPlace, &str)>> = BTreeMap::new();
    let mut in_project_refs = Vec::new();
    for new in refs {
        let element = &project.elements[new.element];
        match &element.sources[new.source].ref_place {
            at @ (RefPlace::Value(position) | RefPlace::Dictionary(position)) => {
                positions.entry(&position.file).or_default().push((at, &new.text));
            }
            RefPlace::ProjectRefs => in_project_refs.push(new),
            RefPlace::Nowhere => {
                let message = format!("{}: no file declares this source", element.name);
                return Err(LoadError::at("source-not-in-file", None, message));
            }
        }
    }
    let mut changed = Vec::new();
    for (file, positions) in positions {
        let path = project.config.directory.join(file);
        let mut edits = Vec::new();
        let text = read_text(&path, file)?;
        for (at, value) in &positions {
            edits.push(ref_edit(&text, at, value)?);
        }
        let edited = apply_edits(text.clone(), edits);
        check::only_refs_differ(&text, &edited, file, &positions)?;
        changed.push(ChangedFile { path, text: edited });
    }
    if !in_project_refs.is_empty() {
        changed.push(set_project_refs(project, &in_project_refs)?);
    }
    Ok(changed)
}

/// The text of a file in which one ref is set.
///
/// # Errors
/// `stale-place` when the text has no source at that place, `source-not-in-file` for a place outside of files,
/// `ref-not-writable` when more than the ref would change.
pub fn set_ref(text: &str, at: &RefPlace, value: &str) -> Result<String, LoadError> {
    let edited = apply_edits(text.to_owned(), vec![ref_edit(text, at, value)?]);
    let file = match at {
        RefPlace::Value(position) | RefPlace::Dictionary(position) => &*position.file,
        RefPlace::ProjectRefs | RefPlace::Nowhere => PROJECT_REFS,
    };
    check::only_refs_differ(text, &edited, file, &[(at, value)])?;
    Ok(edited)
}

/// Applies edits, the last in the text first, so that the places of the others stay. Of several edits at one place,
/// as when elements share an included source, the first is applied.
fn apply_edits(mut text: String, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
    edits.dedup_by_key(|edit| edit.range.start);
    for edit in edits {
        text.replace_range(edit.range, &edit.replacement);
    }
    text
}

fn ref_edit(text: &str, at: &RefPlace, value: &str) -> Result<TextEdit, LoadError> {
    let scalar = inline_scalar(value);
    match at {
        RefPlace::Value(position) => match find_node(text, position) {
            Some(NodeSpan::Scalar { range, key_end: None }) => Ok(TextEdit { range, replacement: scalar }),
            Some(NodeSpan::Scalar { key_end: Some(end), .. }) => {
                let colon = end + text[end..].find(':').map_or(0, |at| at + 1);
                Ok(TextEdit { range: colon..colon, replacement: format!(" {scalar}") })
            }
            _ => Err(stale(position)),
        },
        RefPlace::Dictionary(position) => match find_node(text, position) {
            Some(NodeSpan::Mapping { last, flow }) => Ok(insertion(text, position, last, flow, &scalar)),
            _ => Err(stale(position)),
        },
        RefPlace::ProjectRefs | RefPlace::Nowhere => {
            Err(LoadError::at("source-not-in-file", None, "the source is declared in no file"))
        }
    }
}

/// A new entry after the last one of a dictionary, whose text ends at `last`.
fn insertion(text: &str, position: &FilePosition, last: usize, flow: bool, scalar: &str) -> TextEdit {
    if flow {
        let comma = text[last..].trim_start().starts_with(',');
        let before = text[..last].trim_end();
        let (comma_before, empty) = (before.ends_with(','), before.ends_with('{'));
        let at = if comma { last + text[last..].find(',').map_or(0, |at| at + 1) } else { last };
        let replacement = match (comma || comma_before, empty) {
            (true, _) => format!(" ref: {scalar}"),
            (false, true) => format!("ref: {scalar}"),
            (false, false) => format!(", ref: {scalar}"),
        };
        return TextEdit { range: at..at, replacement };
    }
    let content = text[..last].trim_end().len();
    let rest = &text[content..];
    let at = content + rest.find(['\r', '\n']).unwrap_or(rest.len());
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent = " ".repeat(usize::try_from(position.column - 1).unwrap_or_default());
    TextEdit { range: at..at, replacement: format!("{newline}{indent}ref: {scalar}") }
}

fn stale(position: &FilePosition) -> LoadError {
    let message = "the file has changed since it was loaded: the source is no longer here";
    NodeError::new("stale-place", Some(position), message).with_hint("run the command again").into()
}

/// Sets refs in `project.refs`. Where the file has an entry it is changed in place; a new one is added by rewriting
/// the file, which only programs write.
fn set_project_refs(project: &Project, new: &[&NewRef]) -> Result<ChangedFile, LoadError> {
    let path = project.config.directory.join(PROJECT_REFS);
    let mut text = if path.exists() { read_text(&path, PROJECT_REFS)? } else { String::new() };
    for new in new {
        let element = &project.elements[new.element];
        let mut root = parse_text(&text, PROJECT_REFS)?;
        let entry =
            project_refs::source_entry(&mut root, &project.config.name, element.name.path(), new.source)?;
        text = match entry.get("ref").and_then(|node| node.position.clone()) {
            Some(position) => set_ref(&text, &RefPlace::Value(position), &new.text)?,
            None => {
                entry.set("ref", Node::text(new.text.as_str()));
                dump(&root)
            }
        };
    }
    Ok(ChangedFile { path, text })
}

#[cfg(test)]
mod tests;
