//! Builds nodes from parser events, with an explicit stack so that the limit on depth is a number and not the size of
//! the thread's stack.

use std::borrow::Cow;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, ScalarStyle, Tag};
use spec_model::{FileName, FilePosition, Mapping, Node, NodeError, NodeKind};

use super::characters::strip;
use super::{INVALID_YAML, Limits};
use crate::text_pool::TextPool;

/// A collection that is still open.
enum OpenCollection {
    Mapping(OpenMapping),
    Sequence(Vec<Node>, FilePosition),
}

/// A mapping that is still open.
struct OpenMapping {
    mapping: Mapping,
    /// The names so far, and where they stand. The last one has no value yet if there are fewer entries.
    names: Vec<(Arc<str>, FilePosition)>,
}

impl OpenMapping {
    /// The name whose value comes next.
    fn pending(&self) -> Option<&Arc<str>> {
        self.names.get(self.mapping.entries.len()).map(|(name, _)| name)
    }

    fn finish(self, file: &FileName) -> Mapping {
        let Self { mut mapping, names } = self;
        mapping.set_key_positions(file, names);
        mapping.shrink_to_fit();
        mapping
    }
}

pub(super) struct NodeBuilder<'t> {
    file: FileName,
    text: &'t str,
    texts: &'t TextPool,
    is_ascii: bool,
    open: Vec<OpenCollection>,
    /// For each open collection the first plain scalar in it that brackets or braces cannot have.
    suspects: Vec<Option<FlowScalar>>,
    root: Option<Mapping>,
}

impl<'t> NodeBuilder<'t> {
    pub(super) fn new(file: FileName, text: &'t str, texts: &'t TextPool) -> Self {
        let (open, suspects) = (Vec::new(), Vec::new());
        Self { file, text, texts, is_ascii: text.is_ascii(), open, suspects, root: None }
    }

    /// Takes the next event of the parser, which began at `mark`.
    pub(super) fn take(&mut self, event: Event<'_>, mark: Marker) -> Result<(), NodeError> {
        let position = position(&self.file, &mark);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse(anchor, tag.as_ref(), &position)?;
                if let (ScalarStyle::Plain, Some(suspect)) = (style, self.suspects.last_mut())
                    && suspect.is_none()
                {
                    *suspect = FlowScalar::suspect(&text, &position);
                }
                self.scalar(&text, position)
            }
            Event::MappingStart(anchor, tag) => {
                refuse(anchor, tag.as_ref(), &position)?;
                let mapping = Mapping::at(Some(position.clone()));
                let open = OpenMapping { mapping, names: Vec::new() };
                self.begin(OpenCollection::Mapping(open), &position)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse(anchor, tag.as_ref(), &position)?;
                self.begin(OpenCollection::Sequence(Vec::new(), position.clone()), &position)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.check_flow(&mark)?;
                self.end()
            }
            Event::Alias(_) => Err(invalid(&position, "aliases are not allowed").with_hint(INSTEAD_OF_ALIAS)),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(invalid(&position, "a second document begins here; expected one in a file"))
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => Ok(()),
        }
    }

    /// The finished mapping; empty when there was no document.
    pub(super) fn finish(self) -> Mapping {
        let start = FilePosition { file: self.file, line: 1, column: 1 };
        self.root.unwrap_or_else(|| Mapping::at(Some(start)))
    }

    /// Closes the innermost collection, whose end is at `mark`: a bracket or a brace, unless it is in block style.
    fn check_flow(&mut self, mark: &Marker) -> Result<(), NodeError> {
        let Some(Some(suspect)) = self.suspects.pop() else { return Ok(()) };
        let end = match self.is_ascii {
            true => self.text.as_bytes().get(mark.index()).map(|byte| char::from(*byte)),
            false => self.text.chars().nth(mark.index()),
        };
        match (end, self.suspects.last_mut()) {
            (Some(']' | '}'), _) => Err(suspect.refused()),
            // The entry of a list in brackets may be a mapping without braces.
            (_, Some(outer)) => {
                outer.get_or_insert(suspect);
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }

    fn begin(&mut self, collection: OpenCollection, position: &FilePosition) -> Result<(), NodeError> {
        if self.open.len() >= Limits::DEPTH {
            return Err(invalid(position, &format!("more than {} levels of nesting", Limits::DEPTH)));
        }
        match (self.open.last(), &collection) {
            (Some(OpenCollection::Mapping(open)), _) if open.pending().is_none() => {
                Err(invalid(position, "a key must be a scalar"))
            }
            (None, OpenCollection::Sequence(..)) => Err(not_a_dictionary(position)),
            _ => {
                self.open.push(collection);
                self.suspects.push(None);
                Ok(())
            }
        }
    }

    fn scalar(&mut self, text: &str, position: FilePosition) -> Result<(), NodeError> {
        match self.open.last_mut() {
            None => Err(not_a_dictionary(&position)),
            Some(OpenCollection::Mapping(open)) if open.pending().is_none() => {
                if open.mapping.get(text).is_some() {
                    return Err(invalid(
                        &position,
                        &format!("the key '{text}' occurs twice in this dictionary"),
                    ));
                }
                open.names.push((self.texts.shared(text), position));
                Ok(())
            }
            Some(_) => {
                let text = self.texts.shared(strip(text));
                let node = Node { kind: NodeKind::Scalar(text), position: Some(position) };
                self.value(node);
                Ok(())
            }
        }
    }

    fn end(&mut self) -> Result<(), NodeError> {
        match self.open.pop() {
            Some(OpenCollection::Mapping(open)) if self.open.is_empty() => {
                self.root = Some(open.finish(&self.file))
            }
            Some(OpenCollection::Mapping(open)) => self.value(open.finish(&self.file).into()),
            Some(OpenCollection::Sequence(mut nodes, position)) => {
                nodes.shrink_to_fit();
                self.value(Node { kind: NodeKind::Sequence(Arc::new(nodes)), position: Some(position) });
            }
            None => {}
        }
        Ok(())
    }

    /// Puts a finished node into the collection that is open.
    fn value(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(OpenCollection::Sequence(nodes, _)) => nodes.push(node),
            Some(OpenCollection::Mapping(open)) => {
                if let Some(name) = open.pending().cloned() {
                    open.mapping.entries.insert(name, node);
                }
            }
            None => {}
        }
    }
}

/// A plain scalar that BuildStream's parser, of YAML 1.1, does not take in brackets or braces.
struct FlowScalar {
    text: String,
    position: FilePosition,
}

impl FlowScalar {
    fn suspect(text: &str, position: &FilePosition) -> Option<Self> {
        let at = text.chars().position(|c| matches!(c, ':' | '?'))?;
        let column = position.column.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        Some(Self { text: text.to_owned(), position: FilePosition { column, ..position.clone() } })
    }

    fn refused(&self) -> NodeError {
        let message = format!("'{}' has a colon or a question mark, in brackets or braces", self.text);
        invalid(&self.position, &message).with_hint("put it into quotes")
    }
}

const INSTEAD_OF_ALIAS: &str = "repeat the value or use a variable";

fn refuse(anchor: usize, tag: Option<&Cow<'_, Tag>>, position: &FilePosition) -> Result<(), NodeError> {
    if anchor != 0 {
        return Err(invalid(position, "anchors are not allowed").with_hint(INSTEAD_OF_ALIAS));
    }
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => {
            Err(invalid(position, &format!("the tag '{tag}' is not allowed; only YAML's own tags are")))
        }
        _ => Ok(()),
    }
}

fn not_a_dictionary(position: &FilePosition) -> NodeError {
    invalid(position, "a file holds a dictionary, so expected 'key: value' here")
}

fn invalid(position: &FilePosition, message: &str) -> NodeError {
    NodeError::new(INVALID_YAML, Some(position), message)
}

/// The place of a parser's mark, which counts columns from 0.
pub(super) fn position(file: &FileName, mark: &Marker) -> FilePosition {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    FilePosition {
        file: file.clone(),
        line: number(mark.line()),
        column: number(mark.col()).saturating_add(1),
    }
}
