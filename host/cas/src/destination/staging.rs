//! The staging folder that a tree is written to before it is moved to its place. It is private, and lies in a folder
//! where other users may write.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::dirfd::{FOLDER_MODE, entry_names, is_empty, open_folder, remove_tree_at};

/// The prefix of the names of staging folders; digits that nobody can guess follow.
const PREFIX: &str = ".spec-host-";
const DIGITS: usize = 32;
/// A file that only such folders have: abandoned folders without it are not removed.
const MARK: &str = "made-by-spec-host";
/// The name of the tree in a staging folder.
const TREE: &str = "tree";
const PRIVATE: Mode = Mode::from_raw_mode(0o700);

/// A staging folder of this process, locked while this value lives, with an empty tree in it.
#[derive(Debug)]
pub(super) struct StagingFolder {
    parent: OwnedFd,
    name: String,
    folder: OwnedFd,
    pub(super) tree: OwnedFd,
}

impl StagingFolder {
    pub(super) fn make(parent: &OwnedFd) -> io::Result<Self> {
        let parent = parent.try_clone()?;
        let name = PREFIX.to_owned() + &random_digits()?;
        rustix::fs::mkdirat(&parent, &name, PRIVATE)?;
        let folder = open_folder(&parent, &name)?;
        // Somebody may have put another folder there meanwhile, even the staging folder of another process, whose
        // contents must stay.
        if !is_private(&folder) || !is_empty(&folder)? {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "somebody else changes this folder"));
        }
        rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive)?;
        let made = fill(&folder);
        if made.is_err() {
            remove(&parent, &name, &folder);
        }
        Ok(Self { parent, name, folder, tree: made? })
    }

    /// Moves the tree to a name beside this folder that does not exist yet.
    pub(super) fn publish_tree(&self, name: &OsStr) -> Result<(), Errno> {
        match rustix::fs::renameat_with(&self.folder, TREE, &self.parent, name, RenameFlags::NOREPLACE) {
            // Not every file system supports `RENAME_NOREPLACE`.
            Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::renameat(&self.folder, TREE, &self.parent, name),
            other => other,
        }
    }

    /// Removes the folder with all that is in it.
    pub(super) fn remove(&self) {
        remove(&self.parent, &self.name, &self.folder);
    }
}

fn fill(folder: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    rustix::fs::openat(folder, MARK, flags, Mode::from_raw_mode(0o600))?;
    rustix::fs::mkdirat(folder, TREE, FOLDER_MODE)?;
    Ok(open_folder(folder, TREE)?)
}

/// Removes the staging folders that killed processes left in this folder.
pub(super) fn remove_abandoned_staging(parent: &OwnedFd) {
    for name in entry_names(parent).unwrap_or_default() {
        let Some(digits) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if digits.len() != DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            continue;
        }
        let Ok(folder) = open_folder(parent, &name) else { continue };
        let abandoned = || rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok();
        if is_private(&folder) && is_marked(&folder) && abandoned() {
            remove(parent, &name, &folder);
        }
    }
}

/// The mark is removed last: if this process is killed here, the folder is recognized and removed later.
fn remove(parent: &OwnedFd, name: impl rustix::path::Arg, folder: &OwnedFd) {
    remove_tree_at(folder, TREE);
    let _ = rustix::fs::unlinkat(folder, MARK, AtFlags::empty());
    let _ = rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR);
}

/// Whether a folder belongs to this user and is closed to others.
fn is_private(folder: &OwnedFd) -> bool {
    let user = rustix::process::geteuid().as_raw();
    rustix::fs::fstat(folder).is_ok_and(|stat| stat.st_uid == user && stat.st_mode & 0o077 == 0)
}

fn is_marked(folder: &OwnedFd) -> bool {
    let found = rustix::fs::statat(folder, MARK, AtFlags::SYMLINK_NOFOLLOW);
    found
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size == 0)
}

fn random_digits() -> io::Result<String> {
    let mut bytes = [0; DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
