//! Writes refs back into the files that declare them, without changing anything else.

mod check;
mod node_span;

use std::collections::BTreeMap;
use std::path::PathBuf;

use spec_model::{FilePosition, Node, NodeError, NodeKind};

use crate::element::{Element, RefPlace};
use crate::project_refs::{self, PROJECT_REFS};
use crate::yaml::{block_node, dump, flow_node, inline_scalar, parse_text, read_text};
use crate::{LoadError, Project};
use node_span::{DictionarySpan, ValueKind, ValueSpan, find_dictionary, find_value};

/// A new ref for a source, or a part of one.
#[derive(Clone, Debug)]
pub struct NewRef {
    /// The index of the element.
    pub element: usize,
    /// The index of the source among the element's sources.
    pub source: usize,
    /// The setting of the source that has it: `ref`, but for kinds that keep their ref in several settings.
    pub key: String,
    /// The ref.
    pub value: Node,
}

/// New settings at one place of a file.
#[derive(Debug)]
struct RefChange<'r> {
    at: RefPlace,
    /// The one setting that is at the place, or those to be added to the dictionary there.
    settings: Vec<(&'r str, &'r Node)>,
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
    let mut changes: BTreeMap<String, Vec<RefChange<'_>>> = BTreeMap::new();
    let mut in_refs_files: BTreeMap<&str, Vec<&NewRef>> = BTreeMap::new();
    for new in refs {
        let element = &project.elements[new.element];
        match element.sources[new.source].place_of(&new.key) {
            RefPlace::RefsFile(file) => in_refs_files.entry(file).or_default().push(new),
            RefPlace::Subproject => return Err(in_subproject(element, new)),
            RefPlace::Nowhere => {
                let message = format!("{}: no file declares this source", element.name);
                return Err(LoadError::at("source-not-in-file", None, message));
            }
            at @ (RefPlace::Value(_) | RefPlace::Dictionary(_)) => {
                add_change(changes.entry(file_of(&at).to_owned()).or_default(), at, new);
            }
        }
    }
    let mut changed = Vec::new();
    for (file, changes) in changes {
        let path = project.config.directory.join(&file);
        let text = read_text(&path, &file)?;
        changed.push(ChangedFile { path, text: edited(&text, &file, &changes)? });
    }
    for (file, new) in in_refs_files {
        changed.push(set_in_refs_file(project, file, &new)?);
    }
    Ok(changed)
}

/// Adds a new setting to the changes of its file. Elements may share an included source, which is changed once.
fn add_change<'r>(changes: &mut Vec<RefChange<'r>>, at: RefPlace, new: &'r NewRef) {
    let setting = (new.key.as_str(), &new.value);
    match changes.iter_mut().find(|change| change.at == at) {
        Some(known) if known.settings.iter().any(|(key, _)| *key == new.key) => {}
        Some(known) => known.settings.push(setting),
        None => changes.push(RefChange { at, settings: vec![setting] }),
    }
}

/// The text of a file after changes of refs.
fn edited(text: &str, file: &str, changes: &[RefChange<'_>]) -> Result<String, LoadError> {
    let edits = changes.iter().map(|change| ref_edit(text, change)).collect::<Result<_, _>>()?;
    let edited = apply_edits(text.to_owned(), edits);
    check::only_refs_differ(text, &edited, file, changes)?;
    Ok(edited)
}

fn file_of(at: &RefPlace) -> &str {
    match at {
        RefPlace::Value(position) | RefPlace::Dictionary(position) => &position.file,
        RefPlace::RefsFile(_) | RefPlace::Subproject | RefPlace::Nowhere => PROJECT_REFS,
    }
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
pub fn set_ref(text: &str, at: &RefPlace, value: &Node) -> Result<String, LoadError> {
    set_setting(text, at, "ref", value)
}

fn set_setting(text: &str, at: &RefPlace, key: &str, value: &Node) -> Result<String, LoadError> {
    edited(text, file_of(at), &[RefChange { at: at.clone(), settings: vec![(key, value)] }])
}

/// Applies edits, the last in the text first, so that the places of the others stay.
fn apply_edits(mut text: String, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
    for edit in edits {
        text.replace_range(edit.range, &edit.replacement);
    }
    text
}

fn ref_edit(text: &str, change: &RefChange<'_>) -> Result<TextEdit, LoadError> {
    let mut edit = match (&change.at, &change.settings[..]) {
        (RefPlace::Value(position), [(_, value), ..]) => {
            let span = find_value(text, position).ok_or_else(|| stale(position))?;
            Ok(replacement(&span, value))
        }
        (RefPlace::Dictionary(position), settings) => {
            let span = find_dictionary(text, position).ok_or_else(|| stale(position))?;
            Ok(insertion(text, position, &span, settings))
        }
        _ => Err(LoadError::at("source-not-in-file", None, "the source is declared in no file")),
    }?;
    if text.contains("\r\n") {
        edit.replacement = edit.replacement.replace('\n', "\r\n");
    }
    Ok(edit)
}

/// A new value in place of the one at `span`, in the style of that one where it can have it.
fn replacement(span: &ValueSpan, value: &Node) -> TextEdit {
    // The parser reports an empty scalar anywhere up to the next node.
    let end = if span.range.is_empty() { span.colon } else { span.range.end };
    let after_colon = |text: String| TextEdit { range: span.colon..end, replacement: text };
    let in_place = |text: String| TextEdit { range: span.range.clone(), replacement: text };
    if is_inline(value) || span.in_braces || span.is_flow {
        let text = if span.in_braces { flow_node(value) } else { inline(value) };
        let stays = !span.range.is_empty() && (span.kind == ValueKind::Scalar || span.is_flow);
        return if stays { in_place(text) } else { after_colon(format!(" {text}")) };
    }
    if span.kind == kind_of(value) {
        return in_place(block_node(value, span.column));
    }
    after_colon(on_new_lines(value, span.key_column))
}

fn kind_of(node: &Node) -> ValueKind {
    match node.kind {
        NodeKind::Scalar(_) => ValueKind::Scalar,
        NodeKind::Sequence(_) => ValueKind::Sequence,
        NodeKind::Mapping(_) => ValueKind::Mapping,
    }
}

/// Whether a value stands on the line of its key in block style.
fn is_inline(value: &Node) -> bool {
    match &value.kind {
        NodeKind::Scalar(_) => true,
        NodeKind::Sequence(nodes) => nodes.is_empty(),
        NodeKind::Mapping(mapping) => mapping.is_empty(),
    }
}

fn inline(value: &Node) -> String {
    match &value.kind {
        NodeKind::Scalar(text) => inline_scalar(text),
        _ => flow_node(value),
    }
}

/// A collection below its key, whose column counts from 0.
fn on_new_lines(value: &Node, key_column: usize) -> String {
    let indent = key_column + if kind_of(value) == ValueKind::Mapping { 2 } else { 0 };
    format!("\n{}{}", " ".repeat(indent), block_node(value, indent))
}

/// New entries after the last one of a dictionary.
fn insertion(
    text: &str,
    position: &FilePosition,
    span: &DictionarySpan,
    settings: &[(&str, &Node)],
) -> TextEdit {
    let DictionarySpan { last, flow } = *span;
    if flow {
        let entries: Vec<String> =
            settings.iter().map(|(key, value)| format!("{key}: {}", flow_node(value))).collect();
        let entries = entries.join(", ");
        let comma = text[last..].trim_start().starts_with(',');
        let before = text[..last].trim_end();
        let (comma_before, empty) = (before.ends_with(','), before.ends_with('{'));
        let at = if comma { last + text[last..].find(',').map_or(0, |at| at + 1) } else { last };
        let replacement = match (comma || comma_before, empty) {
            (true, _) => format!(" {entries}"),
            (false, true) => entries,
            (false, false) => format!(", {entries}"),
        };
        return TextEdit { range: at..at, replacement };
    }
    let content = text[..last].trim_end().len();
    let rest = &text[content..];
    let at = content + rest.find(['\r', '\n']).unwrap_or(rest.len());
    let column = usize::try_from(position.column - 1).unwrap_or_default();
    let entry = |(key, value): &(&str, &Node)| {
        let value = match is_inline(value) {
            true => format!(" {}", inline(value)),
            false => on_new_lines(value, column),
        };
        format!("\n{}{key}:{value}", " ".repeat(column))
    };
    TextEdit { range: at..at, replacement: settings.iter().map(entry).collect() }
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
        text = match entry.get(&new.key).and_then(|node| node.position.clone()) {
            Some(position) => set_setting(&text, &RefPlace::Value(position), &new.key, &new.value)?,
            None => {
                entry.set(&new.key, new.value.clone());
                dump(&root)
            }
        };
    }
    Ok(ChangedFile { path, text })
}

#[cfg(test)]
mod tests;
