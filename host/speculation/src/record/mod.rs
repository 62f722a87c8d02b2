//! The record of an element's build: the actions that it requested, and the origins of their inputs.

mod digest_table;
pub(crate) mod from_proto;
pub(crate) mod to_proto;

use std::collections::HashMap;

use spec_cas::Entry;
use spec_model::Digest;

use crate::path_table::{PathId, PathTable};

/// The index of an element in [`Record::elements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementIndex(pub u32);

impl ElementIndex {
    /// The recorded element itself.
    pub const SELF: Self = Self(0);
}

/// The index of an input in [`Record::inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(pub u32);

/// The record of a build. The inputs of an action are not listed with it: they are those of its input root, and each is
/// found in [`inputs`](Self::inputs) by its path and contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Full names of elements, with junctions; the first is the recorded element itself.
    pub elements: Vec<String>,
    /// All paths of the record.
    pub paths: PathTable,
    /// All inputs of all actions. A path occurs once with each contents that it had.
    pub inputs: Vec<RecordedInput>,
    /// The actions, each once, in the order in which they were answered.
    pub actions: Vec<RecordedAction>,
    /// The trees of dependencies that actions name in platforms, environments or arguments.
    pub platforms: Vec<PlatformTree>,
    /// The files of the element's artifact whose origin is known, with their paths in the artifact.
    pub installed: Vec<RecordedInput>,
    /// The policies of the session that made the record.
    pub policies: Vec<NamedPolicy>,
    /// The blob that has the messages which the actions need, for machines that have none of them.
    pub messages: Option<Digest>,
}

/// A policy by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedPolicy {
    /// What it decides: `overlay` or `priming`.
    pub kind: String,
    /// The name of a component, or a file, or `built-in`.
    pub name: String,
    /// The SHA-256 of a component from a file, in hexadecimal digits; empty for others.
    pub digest: String,
    /// Its settings, as `KEY=VALUE`.
    pub settings: Vec<String>,
}

/// An input of actions, or a file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedInput {
    /// Its path in the input root, or in the artifact.
    pub path: PathId,
    /// Its contents.
    pub content: Content,
    /// Its possible origins, in the order SOURCE, ACTION, ARTIFACT. Empty for a file that the build generated.
    pub origins: Vec<Origin>,
}

/// The contents of a path that is not a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A regular file.
    File {
        /// Its contents.
        digest: Digest,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link, with its target as written.
    Symlink(String),
}

impl Content {
    /// The contents of an entry of a tree; `None` for a directory.
    #[must_use]
    pub fn of(entry: Entry) -> Option<Self> {
        match entry {
            Entry::File(file) => Some(Self::File { digest: file.digest, executable: file.executable }),
            Entry::Symlink(link) => Some(Self::Symlink(link.target)),
            Entry::Directory(_) => None,
        }
    }

    /// The digest of a file.
    pub(crate) fn file(&self) -> Option<&Digest> {
        match self {
            Self::File { digest, .. } => Some(digest),
            Self::Symlink(_) => None,
        }
    }
}

/// Where an input came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A path in the sources of an element.
    Source {
        /// The element.
        element: ElementIndex,
        /// The path in the tree of its sources.
        path: PathId,
    },
    /// An output of a recorded action.
    Action {
        /// The element whose build requested it.
        element: ElementIndex,
        /// The base action.
        base: Digest,
        /// The path in its result, relative to its working directory.
        path: PathId,
    },
    /// A path in the artifact of an element.
    Artifact {
        /// The element.
        element: ElementIndex,
        /// The path in the tree of its files.
        path: PathId,
    },
}

/// A base action and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAction {
    /// The encoded Action.
    pub base: Digest,
    /// The files it wrote.
    pub outputs: Vec<RecordedOutput>,
    /// The indices in [`Record::platforms`] of the trees that it names.
    pub platforms: Vec<u32>,
    /// How long its command ran, in milliseconds; 0 if not known.
    pub took_ms: u32,
    /// CPU time that it took, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
    /// How often the build requested what was predicted for it, primed or not. Old sessions count less.
    pub hits: u32,
    /// How often the build did not request it.
    pub misses: u32,
    /// Its executions before that one, the latest first; at most 7.
    pub earlier: Vec<EarlierRun>,
}

/// How many executions of an action are kept beside the one that made its outputs.
pub(crate) const MOST_EARLIER_RUNS: usize = 7;

/// What an execution of an action took in an earlier session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierRun {
    /// How long it ran, in milliseconds.
    pub took_ms: u32,
    /// CPU time that it took, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
}

/// A file that an action wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOutput {
    /// The path in the result, relative to the working directory.
    pub path: PathId,
    /// Its bytes.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// A tree of staged dependencies, which actions name by its digest as `HASH/SIZE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformTree {
    /// The tree.
    pub digest: Digest,
    /// The elements whose artifacts it is made of, in the order of staging.
    pub elements: Vec<ElementIndex>,
}

impl RecordedOutput {
    /// Its contents.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::File { digest: self.digest, executable: self.executable }
    }
}

impl Record {
    /// An empty record of the element with this full name.
    #[must_use]
    pub fn of(element: &str) -> Self {
        Self {
            elements: vec![element.to_owned()],
            paths: PathTable::new(),
            inputs: Vec::new(),
            actions: Vec::new(),
            platforms: Vec::new(),
            installed: Vec::new(),
            messages: None,
            policies: Vec::new(),
        }
    }

    /// The full name of the recorded element.
    #[must_use]
    pub fn element(&self) -> &str {
        self.elements.first().map_or("", String::as_str)
    }

    /// The full name of an element; empty for an index that is out of range.
    #[must_use]
    pub fn name(&self, id: ElementIndex) -> &str {
        self.elements.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The index of the element with this full name, added if it is not there.
    pub(crate) fn element_index(&mut self, name: &str) -> ElementIndex {
        let found = self.elements.iter().position(|known| known == name);
        let index = found.unwrap_or_else(|| {
            self.elements.push(name.to_owned());
            self.elements.len() - 1
        });
        ElementIndex(index as u32)
    }

    /// An index of the inputs by path and contents.
    #[must_use]
    pub(crate) fn input_index(&self) -> InputIndex<'_> {
        let entries = self.inputs.iter().enumerate();
        let entries = entries.map(|(number, input)| ((input.path, &input.content), InputId(number as u32)));
        InputIndex { by_path: entries.collect() }
    }
}

/// The inputs of a record by path and contents.
#[derive(Debug)]
pub(crate) struct InputIndex<'a> {
    by_path: HashMap<(PathId, &'a Content), InputId>,
}

impl InputIndex<'_> {
    /// The input with these contents at this path.
    #[must_use]
    pub(crate) fn find(&self, path: PathId, content: &Content) -> Option<InputId> {
        self.by_path.get(&(path, content)).copied()
    }
}

impl Origin {
    /// The element of the sources, action or artifact.
    #[must_use]
    pub fn element(&self) -> ElementIndex {
        match self {
            Self::Source { element, .. } | Self::Action { element, .. } | Self::Artifact { element, .. } => {
                *element
            }
        }
    }

    /// The position of its kind in the order of alternatives.
    #[must_use]
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Source { .. } => 0,
            Self::Action { .. } => 1,
            Self::Artifact { .. } => 2,
        }
    }
}
