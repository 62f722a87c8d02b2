//! What differs between two trees.

use std::collections::BTreeMap;

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::error::Result;
use crate::limits::Meter;
use crate::store::Cas;
use crate::tree::{Entry, EntryRef, count, entries, push_name};

/// One path at which two trees differ. A directory that both have is never itself a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Relative path without a leading slash.
    pub path: String,
    /// What the first tree has there.
    pub before: Option<Entry>,
    /// What the second tree has there.
    pub after: Option<Entry>,
}

impl Cas {
    /// All differences from tree `a` to tree `b`, a directory before what is in it, names in order. A directory that
    /// only one of them has is listed with everything below it. Equal subtrees are not read.
    ///
    /// # Errors
    /// `tree-too-large` when more entries differ than a tree may have, `cancelled`; as [`directory`](Self::directory).
    pub fn diff(&self, a: &Digest, b: &Digest) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        let meter = Meter::new(self.options.limits, &self.options.cancel);
        self.diff_below(Some(a), Some(b), &mut String::new(), &meter, &mut changes)?;
        Ok(changes)
    }

    fn diff_below(
        &self,
        a: Option<&Digest>,
        b: Option<&Digest>,
        path: &mut String,
        meter: &Meter<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<()> {
        if a == b {
            return Ok(());
        }
        let load = |digest: Option<&Digest>| match digest {
            Some(digest) => self.directory_at(digest, path),
            None => Ok(std::sync::Arc::default()),
        };
        let (a, b) = (load(a)?, load(b)?);
        meter.entries(count(&a).max(count(&b)))?;
        for (name, [before, after]) in differing(&a, &b) {
            let length = path.len();
            push_name(path, name);
            let folders = [before, after].map(|entry| match entry {
                Some(EntryRef::Directory(node)) => Some(&node.digest),
                _ => None,
            });
            if folders.contains(&None) {
                let [before, after] = [before, after].map(|entry| entry.map(Entry::from));
                changes.push(Change { path: path.clone(), before, after });
            }
            self.diff_below(folders[0], folders[1], path, meter, changes)?;
            path.truncate(length);
        }
        Ok(())
    }
}

type EntryPair<'a> = [Option<EntryRef<'a>>; 2];

fn differing<'a>(a: &'a Directory, b: &'a Directory) -> BTreeMap<&'a str, EntryPair<'a>> {
    let mut names: BTreeMap<&str, EntryPair<'_>> = BTreeMap::new();
    for (side, directory) in [a, b].into_iter().enumerate() {
        for entry in entries(directory) {
            names.entry(entry.name()).or_default()[side] = Some(entry);
        }
    }
    names.retain(|_, [before, after]| before != after);
    names
}

#[cfg(test)]
mod tests;
