//! What an archive says, entry by entry.

/// Bytes of the longest path that Linux takes.
pub(crate) const LONGEST: usize = 4095;

/// An entry of an archive. Its contents are already in the store.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The name as written, without the slashes at the end of a directory's.
    pub(crate) name: String,
    pub(crate) kind: MemberKind,
    /// Whether the owner may execute it; nothing else of the mode is kept.
    pub(crate) executable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    Directory,
    File(ContentIndex),
    Symlink {
        target: String,
    },
    /// The name of an earlier entry.
    HardLink {
        target: String,
    },
    /// A device node or a named pipe: never staged.
    Device,
    /// Something else; the type flag of its header.
    Unknown(u8),
}

/// The number of a file's contents in the order of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentIndex(pub(crate) usize);
