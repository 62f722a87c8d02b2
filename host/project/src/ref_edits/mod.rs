//! Writes refs back into the files that declare them, without changing anything else.

mod check;
mod node_span;

use std::collections::BTreeMap;
use std::path::PathBuf;

use spec_model::{FilePosition, Node, NodeError};

use crate::element::{Element, RefPlace};
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
/// `source-not-in-file` for a source that no file declares, `tracking-junction-fragment` for one that a file of a subproject
/// declares, `stale-place` when a file has changed since the project
/// was loaded, `ref-not-writable` when more than a ref would change, and the errors of reading it.
pub fn set_refs(project: &Project, refs: &[NewRef]) -> Result<Vec<ChangedFile>, LoadError> {
    let mut positions: BTreeMap<&str, Vec<(&RefPlace, &str)>> = BTreeMap::new();
    let mut in_refs_files: BTreeMap<&str, Vec<&NewRef>> = BTreeMap::new();
    for new in refs {
        let element = &project.elements[new.element];
        match &element.sources[new.source].ref_place {
            at @ (RefPlace::Value(position) | RefPlace::Dictionary(position)) => {
                positions.entry(&position.file).or_default().push((at, &new.text));
            }
            RefPlace::RefsFile(file) => in_refs_files.entry(file).or_default().push(new),
            RefPlace::Subproject => return Err(in_subproject(element, new)),
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
    for (file, new) in in_refs_files {
        changed.push(set_in_refs_file(project, file, &new)?);
    }
    Ok(changed)
}

fn in_subproject(element: &Element, new: &NewRef) -> LoadError {
    let message = format!("{}: the source is declared in a file of a subproject", element.name);
    let position = element.sources[new.source].position.as_ref();
    NodeError::new("tracking-junction-fragment", position, message)
        .with_hint("track it in that project, or set 'ref-storage: project.refs' in project.conf")
        .into()
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
        _ => PROJECT_REFS,
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
        RefPlace::RefsFile(_) | RefPlace::Subproject | RefPlace::Nowhere => {
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

/// Sets refs in a file of refs. Where it has an entry it is changed in place; a new one is added by rewriting the file,
/// which only programs write.
fn set_in_refs_file(project: &Project, file: &str, new: &[&NewRef]) -> Result<ChangedFile, LoadError> {
    let path = project.config.directory.join(file);
    let mut text = if path.exists() { read_text(&path, file)? } else { String::new() };
    for new in new {
        let element = &project.elements[new.element];
        let mut root = parse_text(&text, file)?;
        let entry = project_refs::source_entry(&mut root, &element.project, element.name.path(), new.source)?;
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
