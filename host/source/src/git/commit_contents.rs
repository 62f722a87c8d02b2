//! The folders of a commit and the names in them, before anything is stored.

use std::collections::{HashMap, HashSet};

use git2::Oid;
use spec_cas::Limits;

use super::conversion::Conversion;
use super::objects::{GitEntryKind, ObjectReader};
use crate::git_error::GitError;

/// A file of the repository, and what becomes of it when it is checked out.
pub(super) type FileContents = (Oid, Conversion);

/// An entry of a folder of a commit, whose name was checked.
#[derive(Debug)]
pub(super) struct NamedEntry {
    pub(super) name: String,
    pub(super) kind: GitEntryKind,
    pub(super) id: Oid,
}

/// The folders of a commit, each once, and its files.
#[derive(Default)]
pub(super) struct CommitContents {
    pub(super) folders: HashMap<Oid, Vec<NamedEntry>>,
    /// Each once for each of its conversions.
    pub(super) files: Vec<FileContents>,
    pub(super) links: Vec<Oid>,
}

/// Reads all folders. A folder that occurs at several places is read once.
pub(super) fn list(reader: &ObjectReader<'_>, root: Oid, limits: Limits) -> Result<CommitContents, GitError> {
    let mut contents = CommitContents::default();
    let (mut seen, mut count) = (HashSet::new(), 0u64);
    let mut waiting = vec![(root, String::new())];
    while let Some((id, path)) = waiting.pop() {
        if contents.folders.contains_key(&id) {
            continue;
        }
        let mut entries = Vec::new();
        for entry in reader.folder(id)? {
            let name = checked_name(&path, &entry.name)?;
            match entry.kind {
                GitEntryKind::Folder => waiting.push((entry.id, join(&path, &name))),
                GitEntryKind::File { .. } if seen.insert(entry.id) => {
                    contents.files.push((entry.id, Conversion::NONE))
                }
                GitEntryKind::Link => contents.links.push(entry.id),
                _ => {}
            }
            entries.push(NamedEntry { name, kind: entry.kind, id: entry.id });
        }
        count += entries.len() as u64;
        if count > limits.entries {
            return Err(GitError::TooLarge { limit: format!("{} files and folders", limits.entries) });
        }
        contents.folders.insert(id, entries);
    }
    Ok(contents)
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The name of an entry, which must be one that git checks out.
fn checked_name(folder: &str, name: &[u8]) -> Result<String, GitError> {
    let shown = || join(folder, &String::from_utf8_lossy(name));
    let bad = |why| Err(GitError::BadEntry { path: shown(), why });
    let Ok(text) = std::str::from_utf8(name) else { return bad("whose name is not UTF-8") };
    match text {
        "" | "." | ".." => bad("which is no name of a file"),
        _ if text.contains(['/', '\0']) => bad("whose name has a slash or a NUL"),
        _ if text.eq_ignore_ascii_case(".git") || text.eq_ignore_ascii_case("git~1") => {
            bad("which would be taken for a repository")
        }
        _ => Ok(text.to_owned()),
    }
}
