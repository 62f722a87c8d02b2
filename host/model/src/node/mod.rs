//! Configuration nodes: the values of a YAML file, each with its place in the file.
//!
//! BuildStream has three kinds of node and no types of scalar: every scalar is a text until somebody asks for a
//! number. The typed accessors here do that, and their errors carry the node's place.

mod access;
mod entries;
mod error;

use std::sync::Arc;

use smallvec::SmallVec;

pub use entries::Entries;
pub use error::NodeError;

use crate::Value;
pub use crate::file_position::{FileName, FilePosition};

/// A value in a configuration file together with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands; `None` for one that the program made.
    pub position: Option<FilePosition>,
}

/// The three kinds of node. Copies share what is below them until one of them changes it.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A text; numbers and truth values are texts too.
    Scalar(Arc<str>),
    /// Nodes in order.
    Sequence(Arc<Vec<Node>>),
    /// Nodes by name, in the order of the file.
    Mapping(Arc<Mapping>),
}

/// Nodes by name, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// The entries.
    pub entries: Entries,
    /// Where the mapping begins; `None` for one that the program made.
    pub position: Option<FilePosition>,
    /// Where the names stand, for each of the mappings that were composed into this one; the last that has a name counts.
    key_positions: SmallVec<[KeyPositions; 1]>,
}

/// Where the names of one mapping of a file stand. Composed mappings share it.
#[derive(Clone, Debug)]
struct KeyPositions {
    file: FileName,
    keys: Arc<[KeyPosition]>,
}

#[derive(Debug)]
struct KeyPosition {
    name: Arc<str>,
    line: u32,
    column: u32,
}

impl KeyPositions {
    fn get(&self, name: &str) -> Option<FilePosition> {
        let key = self.keys.iter().rev().find(|key| *key.name == *name)?;
        Some(FilePosition { file: self.file.clone(), line: key.line, column: key.column })
    }
}

impl Node {
    /// A text that the program made.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { kind: NodeKind::Scalar(text.into()), position: None }
    }

    /// A sequence that the program made.
    #[must_use]
    pub fn sequence(nodes: Vec<Node>) -> Self {
        Self { kind: NodeKind::Sequence(Arc::new(nodes)), position: None }
    }

    /// What kind of node it is, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Scalar(_) => "a scalar",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a dictionary",
        }
    }

    /// The node without its places: texts, sequences and maps.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(text) => Value::Str(text.to_string()),
            NodeKind::Sequence(nodes) => Value::Seq(nodes.iter().map(Node::to_value).collect()),
            NodeKind::Mapping(mapping) => mapping.to_value(),
        }
    }
}

impl From<Mapping> for Node {
    fn from(mapping: Mapping) -> Self {
        Self::from(Arc::new(mapping))
    }
}

impl From<Arc<Mapping>> for Node {
    fn from(mapping: Arc<Mapping>) -> Self {
        Self { position: mapping.position.clone(), kind: NodeKind::Mapping(mapping) }
    }
}

impl Mapping {
    /// A mapping without entries that the program made.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A mapping without entries that begins at `place`.
    #[must_use]
    pub fn at(position: Option<FilePosition>) -> Self {
        Self { position, ..Self::default() }
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets an entry, in place if there is one of that name, otherwise last.
    pub fn set(&mut self, name: &str, node: impl Into<Node>) {
        self.entries.insert(name.into(), node.into());
    }

    /// Where the name of an entry stands; that of its value when the name's own is not known.
    #[must_use]
    pub fn key_position(&self, name: &str) -> Option<FilePosition> {
        let known = self.key_positions.iter().rev().find_map(|positions| positions.get(name));
        known.or_else(|| self.get(name)?.position.clone())
    }

    /// Notes where the names of the entries stand, all in one file.
    pub fn set_key_positions(&mut self, file: &FileName, positions: Vec<(Arc<str>, FilePosition)>) {
        let key = |(name, FilePosition { line, column, .. })| KeyPosition { name, line, column };
        let keys = positions.into_iter().map(key).collect();
        self.key_positions = SmallVec::from([KeyPositions { file: file.clone(), keys }]);
    }

    /// Gives back the memory that was reserved for more entries.
    pub fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
    }

    /// Takes over where `other` has the names of its entries.
    pub fn adopt_key_positions(&mut self, other: &Self) {
        for positions in &other.key_positions {
            self.key_positions.retain(|known| !Arc::ptr_eq(&known.keys, &positions.keys));
            self.key_positions.push(positions.clone());
        }
    }

    /// Takes an entry out and keeps the order of the rest.
    pub fn remove(&mut self, name: &str) -> Option<Node> {
        self.entries.shift_remove(name)
    }

    /// The mapping without its places.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::map(self.entries.iter().map(|(name, node)| (name.to_string(), node.to_value())))
    }
}
