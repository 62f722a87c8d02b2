//! The record of one element's build: what it asked for, and where the inputs came from.

mod blob;
mod digests;
mod from_proto;
mod known;
mod needs;
#[cfg(test)]
mod tests;
mod to_proto;

use std::collections::HashMap;

pub use needs::record_needs;

use spec_cas::Entry;
use spec_model::Digest;

use crate::paths::{PathId, Paths};

/// An element in [`Record::elements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

impl NameId {
    /// The recorded element itself.
    pub const SELF: Self = Self(0);
}

/// An input in [`Record::inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(pub u32);

/// What a build asked for. Inputs of an action are not listed with it: they are what its input root has, and each is
/// found in [`inputs`](Self::inputs) by its path and contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Full names of elements, with junctions; the first is the recorded element itself.
    pub elements: Vec<String>,
    /// All paths that the rest names.
    pub paths: Paths,
    /// What was at a path in some action's input root. One path occurs with each contents that it had.
    pub inputs: Vec<Input>,
    /// In the order in which they were answered; every action once.
    pub actions: Vec<RecordedAction>,
    /// Trees that actions name in platforms, environments or arguments.
    pub platforms: Vec<PlatformTree>,
    /// Files and links of the element's artifact whose origin is known, by path in it.
    pub installed: Vec<Input>,
}

/// Something at a path, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// In the input root, or in the artifact.
    pub path: PathId,
    /// What was there.
    pub seen: Content,
    /// Where it came from: alternatives, in the order SOURCE, ACTION, ARTIFACT. Empty for what the build generated.
    pub origins: Vec<Origin>,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A regular file.
    File {
        /// Its bytes.
        digest: Digest,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A symbolic link, and what it points at as written.
    Symlink(String),
}

impl Content {
    /// What an entry of a tree is; `None` for a directory.
    #[must_use]
    pub fn of(entry: Entry) -> Option<Self> {
        match entry {
            Entry::File(file) => Some(Self::File { digest: file.digest, executable: file.executable }),
            Entry::Symlink(link) => Some(Self::Symlink(link.target)),
            Entry::Directory(_) => None,
        }
    }

    /// The bytes of a file.
    pub(crate) fn file(&self) -> Option<&Digest> {
        match self {
            Self::File { digest, .. } => Some(digest),
            Self::Symlink(_) => None,
        }
    }
}

/// A place that something came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A path in the sources of an element.
    Source {
        /// Whose.
        element: NameId,
        /// In the tree of its sources.
        path: PathId,
    },
    /// An output of a recorded action.
    Action {
        /// Whose build asked for it.
        element: NameId,
        /// The base action.
        base: Digest,
        /// Relative to its working directory, as in its result.
        path: PathId,
    },
    /// A path in the artifact of an element.
    Artifact {
        /// Whose.
        element: NameId,
        /// In the tree of its files.
        path: PathId,
    },
}

/// A base action and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAction {
    /// The encoded Action.
    pub base: Digest,
    /// The files it wrote.
    pub outputs: Vec<RecordedOutput>,
    /// Those of [`Record::platforms`] that it names, as indices.
    pub platforms: Vec<u32>,
    /// How long its command ran, in milliseconds; 0 if not known.
    pub took_ms: u32,
    /// CPU time that it took, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
    /// How often what was predicted for it was asked for, primed or not. Old times fade.
    pub hits: u32,
    /// How often it was not.
    pub misses: u32,
}

/// A file that an action wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOutput {
    /// Relative to the working directory, as in the result.
    pub path: PathId,
    /// Its bytes.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// A tree of staged dependencies, which actions name as `HASH/SIZE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformTree {
    /// The tree.
    pub digest: Digest,
    /// The elements whose artifacts it is made of, in the order of staging.
    pub elements: Vec<NameId>,
}

impl RecordedOutput {
    /// What it wrote.
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
            paths: Paths::new(),
            inputs: Vec::new(),
            actions: Vec::new(),
            platforms: Vec::new(),
            installed: Vec::new(),
        }
    }

    /// The full name of the recorded element.
    #[must_use]
    pub fn element(&self) -> &str {
        self.elements.first().map_or("", String::as_str)
    }

    /// The full name of an element; empty for a number that is none.
    #[must_use]
    pub fn name(&self, id: NameId) -> &str {
        self.elements.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The number of an element, added if it is not there.
    pub fn name_id(&mut self, name: &str) -> NameId {
        let found = self.elements.iter().position(|known| known == name);
        let index = found.unwrap_or_else(|| {
            self.elements.push(name.to_owned());
            self.elements.len() - 1
        });
        NameId(index as u32)
    }

    /// Inputs by path and contents.
    #[must_use]
    pub fn input_index(&self) -> InputIndex<'_> {
        let entries = self.inputs.iter().enumerate();
        let entries = entries.map(|(number, input)| ((input.path, &input.seen), InputId(number as u32)));
        InputIndex { by_path: entries.collect() }
    }
}

/// Inputs of a record by path and contents.
#[derive(Debug)]
pub struct InputIndex<'a> {
    by_path: HashMap<(PathId, &'a Content), InputId>,
}

impl InputIndex<'_> {
    /// The input with these contents at this path.
    #[must_use]
    pub fn find(&self, path: PathId, content: &Content) -> Option<InputId> {
        self.by_path.get(&(path, content)).copied()
    }
}

impl Origin {
    /// Whose sources, action or artifact.
    #[must_use]
    pub fn element(&self) -> NameId {
        match self {
            Self::Source { element, .. } | Self::Action { element, .. } | Self::Artifact { element, .. } => {
                *element
            }
        }
    }

    /// Where the kind stands in the usual order of alternatives.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Source { .. } => 0,
            Self::Action { .. } => 1,
            Self::Artifact { .. } => 2,
        }
    }
}
