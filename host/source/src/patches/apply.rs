//! Applies a patch to a tree: which files it changes, makes, removes and renames.

use std::collections::BTreeMap;

use super::file_names::{PatchNames, best_name, clean};
use super::match_hunks::{ApplyRules, NoMatch, apply_hunks, is_applied};
use super::patched_tree::{PatchedEntry, PatchedTree};
use super::unified_diff::{FilePatch, parse};
use crate::patch_error::PatchError;

/// Mode of a symbolic link in headers of git.
const LINK: u32 = 0o120_000;

/// Applies all changes of a patch, in order.
pub(super) fn apply_patch(
    tree: &mut PatchedTree<'_>,
    patch: &[u8],
    rules: ApplyRules,
) -> Result<(), PatchError> {
    let files = parse(patch)?;
    if files.is_empty() && !(patch.is_empty() && rules != ApplyRules::Git) {
        return Err(PatchError::Syntax { line: 1, why: "there is no patch in it".to_owned() });
    }
    files.iter().try_for_each(|file| FileChange { tree, file, rules }.apply())
}

/// One change of a patch.
struct FileChange<'a, 't> {
    tree: &'a mut PatchedTree<'t>,
    file: &'a FilePatch,
    rules: ApplyRules,
}

impl FileChange<'_, '_> {
    fn refused(&self, name: &str, why: &'static str) -> PatchError {
        PatchError::File { line: self.file.line, file: name.to_owned(), why }
    }

    /// Whether the file is said not to exist before the change, and after it.
    fn creates(&self) -> bool {
        let empty = self.file.hunks.first().is_none_or(|hunk| hunk.old_start == 0);
        empty && (self.file.old.is_nothing || self.file.git.as_ref().is_some_and(|git| git.created))
    }

    fn deletes(&self) -> bool {
        let empty = self.file.hunks.first().is_none_or(|hunk| hunk.new_start == 0);
        empty && (self.file.new.is_nothing || self.file.git.as_ref().is_some_and(|git| git.deleted))
    }

    fn apply(&mut self) -> Result<(), PatchError> {
        let (from, to) = self.names()?;
        let old = self.tree.entry(&from)?;
        if self.tree.has_directory(&to)? {
            return Err(self.refused(&to, "is a folder"));
        }
        let (bytes, executable) = self.old_contents(&from, old.as_ref())?;
        let new = apply_hunks(&bytes, &self.file.hunks, self.rules)
            .map_err(|NoMatch(number)| self.no_match(&from, number, &bytes))?;
        if self.deletes() {
            if !new.is_empty() {
                return Err(self.refused(&from, "is not removed, because it has more than the patch removes"));
            }
            self.tree.set(&from, None);
            return Ok(());
        }
        if from != to && !self.file.git.as_ref().is_some_and(|git| git.copied) {
            self.tree.set(&from, None);
        }
        let entry = self.new_entry(&to, new, executable, matches!(old, Some(PatchedEntry::Link { .. })))?;
        self.tree.set(&to, Some(entry));
        Ok(())
    }

    /// The contents before the change, and whether the file is executable.
    fn old_contents(&self, name: &str, old: Option<&PatchedEntry>) -> Result<(Vec<u8>, bool), PatchError> {
        let is_new = self.creates();
        match old {
            None => Ok((Vec::new(), false)),
            Some(PatchedEntry::File { bytes, .. })
                if is_new && (!bytes.is_empty() || self.rules == ApplyRules::Git) =>
            {
                Err(self.refused(name, "is there already, but the patch makes it"))
            }
            Some(PatchedEntry::File { bytes, executable }) => Ok((bytes.clone(), *executable)),
            Some(PatchedEntry::Link { target }) if self.rules == ApplyRules::Git && !is_new => {
                Ok((target.clone().into_bytes(), false))
            }
            Some(PatchedEntry::Link { .. }) => Err(self.refused(name, "is a symbolic link")),
        }
    }

    fn new_entry(
        &self,
        name: &str,
        bytes: Vec<u8>,
        executable: bool,
        was_link: bool,
    ) -> Result<PatchedEntry, PatchError> {
        let mode = self.file.git.as_ref().and_then(|git| git.new_mode);
        let is_link = mode.map_or(was_link, |mode| mode & 0o170_000 == LINK);
        if is_link {
            let target =
                String::from_utf8(bytes).ok().filter(|target| !target.is_empty() && !target.contains('\0'));
            let target = target.ok_or_else(|| self.refused(name, "would be a link to nothing"))?;
            return Ok(PatchedEntry::Link { target });
        }
        Ok(PatchedEntry::File { bytes, executable: mode.map_or(executable, |mode| mode & 0o100 != 0) })
    }

    fn no_match(&self, name: &str, number: usize, bytes: &[u8]) -> PatchError {
        let near = match is_applied(bytes, &self.file.hunks, self.rules) {
            true => "; its changes are there already",
            false if bytes.is_empty() => ", which is empty",
            false => "",
        };
        let line = self.file.hunks.get(number).map_or(self.file.line, |hunk| hunk.line);
        PatchError::Hunk { line, hunk: number + 1, file: name.to_owned(), near: near.to_owned() }
    }

    /// The names of the file before and after the change.
    fn names(&self) -> Result<(String, String), PatchError> {
        let strip = match self.rules {
            ApplyRules::GnuPatch { strip } => strip,
            ApplyRules::Git => 1,
        };
        if let Some((from, to)) = self.renamed(strip) {
            return match self.tree.entry(&from)? {
                Some(_) => Ok((from, to)),
                None => Err(PatchError::NoFile { line: self.file.line, names: format!("'{from}'") }),
            };
        }
        let names = PatchNames::of(self.file, strip);
        let mut there = Vec::new();
        for name in names.usable() {
            if self.tree.entry(name)?.is_some() {
                there.push(name.clone());
            }
        }
        let may_create = self.creates()
            || self.file.hunks.first().is_some_and(|hunk| hunk.old_start == 0 && hunk.old_count == 0);
        let found = match best_name(&there) {
            Some(found) => Some(found),
            None if may_create => self.name_to_create(names.usable())?,
            None => None,
        };
        let none = || PatchError::NoFile { line: self.file.line, names: names.shown() };
        found.map(|name| (name.clone(), name)).ok_or_else(none)
    }

    /// The names of a renamed or copied file.
    fn renamed(&self, strip: usize) -> Option<(String, String)> {
        let git = self.file.git.as_ref()?;
        let (from, to) = (git.from.as_deref()?, git.to.as_deref()?);
        // The names lack the letter and its slash.
        let with_letter = |name: &str| clean(&format!("x/{name}"), strip);
        Some((with_letter(from)?, with_letter(to)?))
    }

    /// The name for which the fewest folders must be made.
    fn name_to_create(&self, names: &[String]) -> Result<Option<String>, PatchError> {
        let mut by_missing: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for name in names {
            let mut missing = 0;
            for (at, _) in name.match_indices('/') {
                missing += usize::from(!self.tree.has_directory(&name[..at])?);
            }
            by_missing.entry(missing).or_default().push(name.clone());
        }
        Ok(by_missing.first_key_value().and_then(|(_, names)| best_name(names)))
    }
}
