//! Merkle trees in the store: loading, storing, looking up, walking.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, SymlinkNode};

use crate::codec;
use crate::error::{CasError, Result};
use crate::limits::{Limits, Meter};
use crate::store::Cas;

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File(FileNode),
    /// A symbolic link.
    Symlink(SymlinkNode),
    /// A directory, by the digest of its message.
    Directory(Digest),
}

/// An entry that a walk visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRef<'a> {
    /// A regular file.
    File(&'a FileNode),
    /// A symbolic link.
    Symlink(&'a SymlinkNode),
    /// A directory; its entries follow if the visitor enters it.
    Directory(&'a DirectoryNode),
}

/// Whether a walk goes into the directory just visited. Means nothing for other entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Go into it.
    Enter,
    /// Do not go into it.
    Skip,
}

type Visitor<'a> = &'a mut dyn FnMut(&str, EntryRef<'_>) -> Result<Walk>;

impl Cas {
    /// Stores one directory message. Its lists must be sorted by name.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn store_directory(&self, directory: &Directory) -> Result<Digest> {
        self.put_bytes(&codec::encode(directory))
    }

    /// The directory with this digest, from memory if it was used lately.
    ///
    /// # Errors
    /// `cas-missing`, `cas-corrupt`, `cas-bad-directory`, or when the file system fails.
    pub fn directory(&self, digest: &Digest) -> Result<Arc<Directory>> {
        if let Some(directory) = self.shared.directories.get(digest, || self.contains(digest))? {
            return Ok(directory);
        }
        if let Some(kept) = self.shared.unstored.get()
            && let Some(directory) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(digest)
        {
            return Ok(Arc::clone(directory));
        }
        let bytes = self.get(digest).map_err(|error| error.about("directory"))?;
        let directory = Arc::new(decode_directory(digest, &bytes)?);
        self.shared.directories.insert(*digest, Arc::clone(&directory));
        Ok(directory)
    }

    /// As [`directory`](Self::directory), naming its path in errors.
    pub(crate) fn directory_at(&self, digest: &Digest, path: &str) -> Result<Arc<Directory>> {
        check_length(path)?;
        self.directory(digest).map_err(|error| error.about(format!("directory /{path}")))
    }

    /// What is at `path`, a relative path with single slashes; the empty path is the root itself. Symbolic links on
    /// the way are not followed: a path through one has no entry.
    ///
    /// # Errors
    /// As [`directory`](Self::directory).
    pub fn lookup(&self, root: &Digest, path: &str) -> Result<Option<Entry>> {
        let mut digest = *root;
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let directory = self.directory(&digest)?;
            match find(&directory, name) {
                Some(EntryRef::Directory(child)) => digest = child.digest,
                found => return Ok(found.filter(|_| names.peek().is_none()).map(Entry::from)),
            }
        }
        Ok(Some(Entry::Directory(digest)))
    }

    /// The directory at `path`, by its digest; `None` when there is something else or nothing.
    ///
    /// # Errors
    /// As [`directory`](Self::directory).
    pub fn subtree(&self, root: &Digest, path: &str) -> Result<Option<Digest>> {
        Ok(match self.lookup(root, path)? {
            Some(Entry::Directory(digest)) => Some(digest),
            _ => None,
        })
    }

    /// Visits every entry below `root` with its path, a directory before its entries, in each directory first the
    /// files and symbolic links by name and then the directories by name, as BuildStream lists artifacts.
    ///
    /// # Errors
    /// `tree-too-large` when there are more entries than a tree may have, `cancelled`; as
    /// [`directory`](Self::directory), and whatever `visit` answers with.
    pub fn walk(
        &self,
        root: &Digest,
        mut visit: impl FnMut(&str, EntryRef<'_>) -> Result<Walk>,
    ) -> Result<()> {
        let meter = Meter::new(self.options.limits, &self.options.cancel);
        self.walk_from(root, &mut String::new(), &meter, &mut visit)
    }

    fn walk_from(
        &self,
        digest: &Digest,
        path: &mut String,
        meter: &Meter<'_>,
        visit: Visitor<'_>,
    ) -> Result<()> {
        let directory = self.directory_at(digest, path)?;
        meter.entries(count(&directory))?;
        let length = path.len();
        for entry in leaves(&directory) {
            push_name(path, entry.name());
            visit(path, entry)?;
            path.truncate(length);
        }
        for child in &directory.directories {
            push_name(path, &child.name);
            if visit(path, EntryRef::Directory(child))? == Walk::Enter {
                self.walk_from(&child.digest, path, meter, visit)?;
            }
            path.truncate(length);
        }
        Ok(())
    }

    /// Visits every different directory once, wherever and however often it occurs.
    pub(crate) fn walk_shared(&self, root: &Digest, visit: Visitor<'_>) -> Result<()> {
        let mut seen = std::collections::HashSet::new();
        self.walk(root, |path, entry| match entry {
            EntryRef::Directory(child) if !seen.insert(child.digest) => Ok(Walk::Skip),
            _ => visit(path, entry),
        })
    }
}

impl<'a> EntryRef<'a> {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Symlink(_) => "symbolic link",
            Self::Directory(_) => "directory",
        }
    }

    /// The last component of its path.
    #[must_use]
    pub fn name(&self) -> &'a str {
        match self {
            Self::File(node) => &node.name,
            Self::Symlink(node) => &node.name,
            Self::Directory(node) => &node.name,
        }
    }
}

impl From<EntryRef<'_>> for Entry {
    fn from(entry: EntryRef<'_>) -> Self {
        match entry {
            EntryRef::File(node) => Self::File(node.clone()),
            EntryRef::Symlink(node) => Self::Symlink(node.clone()),
            EntryRef::Directory(node) => Self::Directory(node.digest),
        }
    }
}

/// The directory whose message `bytes` is, checked to be canonical and to hold no names that no folder can hold. The
/// caller must know that it has this digest.
///
/// # Errors
/// `cas-bad-directory`
pub fn decode_directory(digest: &Digest, bytes: &[u8]) -> Result<Directory> {
    codec::decode(bytes).map_err(|why| CasError::BadDirectory { digest: *digest, why })
}

/// All entries of a directory: directories, then files, then symbolic links.
pub(crate) fn entries(directory: &Directory) -> impl Iterator<Item = EntryRef<'_>> {
    let files = directory.files.iter().map(EntryRef::File);
    let links = directory.symlinks.iter().map(EntryRef::Symlink);
    directory.directories.iter().map(EntryRef::Directory).chain(files).chain(links)
}

/// The number of entries of a directory.
pub(crate) fn count(directory: &Directory) -> usize {
    directory.files.len() + directory.directories.len() + directory.symlinks.len()
}

/// The entry called `name`, found by bisection.
pub(crate) fn find<'a>(directory: &'a Directory, name: &str) -> Option<EntryRef<'a>> {
    if let Ok(at) = directory.directories.binary_search_by(|node| node.name.as_str().cmp(name)) {
        return Some(EntryRef::Directory(&directory.directories[at]));
    }
    if let Ok(at) = directory.files.binary_search_by(|node| node.name.as_str().cmp(name)) {
        return Some(EntryRef::File(&directory.files[at]));
    }
    let at = directory.symlinks.binary_search_by(|node| node.name.as_str().cmp(name)).ok()?;
    Some(EntryRef::Symlink(&directory.symlinks[at]))
}

/// Files and symbolic links of a directory, by name.
fn leaves(directory: &Directory) -> impl Iterator<Item = EntryRef<'_>> {
    let mut files = directory.files.iter().peekable();
    let mut links = directory.symlinks.iter().peekable();
    std::iter::from_fn(move || match (files.peek(), links.peek()) {
        (Some(file), Some(link)) if link.name < file.name => links.next().map(EntryRef::Symlink),
        (Some(_), _) => files.next().map(EntryRef::File),
        (None, _) => links.next().map(EntryRef::Symlink),
    })
}

/// Appends a component to a relative path.
pub(crate) fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
}

/// Bytes of a path, as Linux has it.
const LONGEST: usize = 4096;

fn check_length(path: &str) -> Result<()> {
    match path.len() > LONGEST || path.split('/').count() > Limits::DEEPEST as usize {
        true => {
            Err(CasError::BadPath { path: path.to_owned(), why: "it is longer than 4096 bytes or 256 names" })
        }
        false => Ok(()),
    }
}

/// The components of a relative path in a tree.
///
/// # Errors
/// `cas-bad-path` when the path is too long, or one of them is empty, a step, or holds a NUL.
pub(crate) fn components(path: &str) -> Result<Vec<&str>> {
    check_length(path)?;
    let names: Vec<&str> = path.split('/').collect();
    let bad = names.iter().try_for_each(|name| match codec::bad_name(name) {
        Some(why) => ControlFlow::Break(why),
        None => ControlFlow::Continue(()),
    });
    match bad {
        ControlFlow::Break(why) => Err(CasError::BadPath { path: path.to_owned(), why }),
        ControlFlow::Continue(()) => Ok(names),
    }
}
