//! Limits on trees, and the counter that enforces them and ends work that is cancelled.

use std::cell::Cell;

use spec_model::Cancel;

use crate::error::{CasError, Result};

/// Limits on the size of trees. Entries and bytes are counted as often as they occur, because a few small messages of
/// directories that contain each other many times can describe a tree that fills every disk. The defaults are above
/// the largest roots of distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files, symbolic links and folders.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Folders within each other; at most [`Limits::DEEPEST`].
    pub depth: u32,
}

impl Limits {
    /// No tree may be deeper, whatever the settings: walks over trees are recursive and need stack for each level.
    pub const DEEPEST: u32 = 256;
    /// The unit of bytes in [`CasError::TreeTooLarge`].
    pub const BYTES_UNIT: &'static str = "bytes";
    /// The settings of the configuration file that these bounds come from, for messages.
    const ENTRIES: &'static str = "tree-entries";
    const BYTES: &'static str = "tree-size";
    const DEPTH: &'static str = "tree-depth";

    /// Whether a tree of that size may be.
    ///
    /// # Errors
    /// `tree-too-large`
    pub fn check(&self, what: &str, entries: u64, bytes: u64, depth: u32) -> Result<()> {
        let found = [
            (entries, self.entries, "entries", Self::ENTRIES),
            (bytes, self.bytes, Self::BYTES_UNIT, Self::BYTES),
            (depth.into(), self.depth.into(), "levels of folders", Self::DEPTH),
        ];
        match found.into_iter().find(|(found, limit, ..)| found > limit) {
            None => Ok(()),
            Some((found, limit, unit, setting)) => {
                Err(CasError::TreeTooLarge { what: what.to_owned(), found, limit, unit, setting })
            }
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 3_000_000, bytes: 256 << 30, depth: Self::DEEPEST }
    }
}

/// Counts the entries that a long operation visits. It also checks whether the operation is cancelled, so that it
/// ends within milliseconds.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    limits: Limits,
    cancel: &'a Cancel,
    entries: Cell<u64>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(limits: Limits, cancel: &'a Cancel) -> Self {
        Self { limits, cancel, entries: Cell::new(0) }
    }

    /// Counts one more entry.
    ///
    /// # Errors
    /// `cancelled`; `tree-too-large` when there are too many.
    pub(crate) fn entry(&self) -> Result<()> {
        self.entries(1)
    }

    /// Counts more entries.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub(crate) fn entries(&self, more: usize) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(CasError::Cancelled);
        }
        let entries = self.entries.get().saturating_add(more as u64);
        self.entries.set(entries);
        self.limits.check(UNNAMED, entries, 0, 0)
    }

    /// The number of entries so far.
    pub(crate) fn count(&self) -> u64 {
        self.entries.get()
    }

    /// # Errors
    /// `tree-too-large` when folders lie deeper in each other than they may.
    pub(crate) fn depth(&self, depth: u32) -> Result<()> {
        self.limits.check(UNNAMED, 0, 0, depth)
    }
}

/// The name of a tree in errors until a caller gives it a better one.
pub(crate) const UNNAMED: &str = "the tree";
