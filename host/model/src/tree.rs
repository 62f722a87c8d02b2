//! Merkle trees as plain data, in the shape of REAPI's `Directory` message.

use crate::Digest;

/// One directory. The three lists are sorted by name, and no name occurs twice (REAPI's canonical form).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Regular files.
    pub files: Vec<FileNode>,
    /// Sub-directories.
    pub directories: Vec<DirectoryNode>,
    /// Symbolic links.
    pub symlinks: Vec<SymlinkNode>,
    /// REAPI's `node_properties` of the directory itself.
    pub properties: NodeProperties,
}

/// A regular file in a [`Directory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNode {
    /// One path component.
    pub name: String,
    /// Its contents.
    pub digest: Digest,
    /// Whether its owner may execute it. A tree keeps no other mode bit, unless the properties have the mode.
    pub executable: bool,
    /// REAPI's `node_properties`.
    pub properties: NodeProperties,
}

/// A sub-directory in a [`Directory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryNode {
    /// One path component.
    pub name: String,
    /// The digest of its own encoded `Directory` message.
    pub digest: Digest,
}

/// A symbolic link in a [`Directory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymlinkNode {
    /// One path component.
    pub name: String,
    /// What it points at, as written.
    pub target: String,
    /// REAPI's `node_properties`.
    pub properties: NodeProperties,
}

/// What a tree keeps of a node beside its contents; empty for ordinary artifacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeProperties {
    /// Named string properties, sorted by name.
    pub properties: Vec<(String, String)>,
    /// Modification time: seconds and nanoseconds since the epoch.
    pub mtime: Option<(i64, i32)>,
    /// Permission bits.
    pub unix_mode: Option<u32>,
}

impl NodeProperties {
    /// Whether there is nothing to keep, so that the message is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Directory {
    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty() && self.symlinks.is_empty()
    }
}
