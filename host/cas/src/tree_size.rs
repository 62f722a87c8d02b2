//! The size of a tree, everything counted as often as it occurs.

use std::collections::HashMap;
use std::ops::Deref;

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::error::Result;
use crate::limits::{Limits, Meter};
use crate::store::Cas;
use crate::tree::count;

/// How large a tree is, everything counted as often as it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeSize {
    /// Files, symbolic links and folders.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Folders within each other.
    pub depth: u32,
}

impl TreeSize {
    /// Computes the size of a tree. `load` is called once for each different directory.
    ///
    /// # Errors
    /// `tree-too-large` when it is larger than `limits`; whatever `load` answers with.
    pub fn of<D: Deref<Target = Directory>, E: From<crate::CasError>>(
        root: &Digest,
        limits: Limits,
        load: impl FnMut(&Digest) -> Result<D, E>,
    ) -> Result<Self, E> {
        let cancel = spec_model::Cancel::new();
        let size = SizeCounter { limits, meter: Meter::new(limits, &cancel), load, known: HashMap::new() }
            .tree(root, 0)?;
        limits.check(&format!("the tree {root}"), size.entries, size.bytes, size.depth)?;
        Ok(size)
    }
}

struct SizeCounter<'a, L> {
    limits: Limits,
    meter: Meter<'a>,
    load: L,
    known: HashMap<Digest, TreeSize>,
}

impl<L> SizeCounter<'_, L> {
    fn tree<D: Deref<Target = Directory>, E: From<crate::CasError>>(
        &mut self,
        digest: &Digest,
        depth: u32,
    ) -> Result<TreeSize, E>
    where
        L: FnMut(&Digest) -> Result<D, E>,
    {
        if let Some(size) = self.known.get(digest) {
            return Ok(*size);
        }
        // A tree that is too deep is refused before the rest of it is read.
        self.limits.check("the tree", 0, 0, depth)?;
        let directory = (self.load)(digest)?;
        self.meter.entry()?;
        let mut size = TreeSize {
            entries: count(&directory) as u64,
            bytes: directory.files.iter().map(|file| file.digest.size()).fold(0, u64::saturating_add),
            depth: 0,
        };
        for child in &directory.directories {
            let below = self.tree(&child.digest, depth + 1)?;
            size.entries = size.entries.saturating_add(below.entries);
            size.bytes = size.bytes.saturating_add(below.bytes);
            size.depth = size.depth.max(below.depth + 1);
        }
        self.known.insert(*digest, size);
        Ok(size)
    }
}

impl Cas {
    /// How large a tree is. Reads every different directory once.
    ///
    /// # Errors
    /// `tree-too-large` when it is larger than trees may be, see [`with_limits`](Self::with_limits); `cancelled`; as
    /// [`directory`](Self::directory).
    pub fn tree_size(&self, root: &Digest) -> Result<TreeSize> {
        TreeSize::of(root, self.options.limits, |digest| {
            self.check_cancel()?;
            self.directory(digest)
        })
    }
}

#[cfg(test)]
mod tests;
