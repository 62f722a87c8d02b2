//! Moves a finished tree into an existing folder.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Timestamps};
use rustix::io::Errno;
use spec_model::Cancel;

use crate::dirfd::{
    FOLDER_MODE, create_file, entry_names, is_empty, open_below, open_folder, remove_tree_at,
};
use crate::error::{CasError, DestinationError, Result};
use crate::sparse::clone_or_copy;

/// Moves all of `from` into `to` and replaces existing files; `display_path` is the name of `to` in errors. Nothing
/// is moved when a folder that is not empty is where the tree has a file or a link. When moving fails, new entries
/// are removed again.
pub(super) fn move_into(from: &OwnedFd, to: &OwnedFd, display_path: &Path) -> Result<()> {
    check(from, to, display_path)?;
    let mut merge = FolderMerge { new: Vec::new() };
    let merged = merge.folder(from, to, Path::new(""));
    merged
        .map_err(|(path, error)| CasError::io("write", display_path.join(path))(error))
        .inspect_err(|_| merge.undo(to))
}

/// The kind of the entry with this name; `None` when there is no entry.
fn kind(folder: &OwnedFd, name: &OsStr) -> Result<Option<FileType>, Errno> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn check(from: &OwnedFd, to: &OwnedFd, display_path: &Path) -> Result<()> {
    let failed = |error: Errno| CasError::io("look up", display_path)(error);
    for name in entry_names(from).map_err(failed)? {
        let (new, old) = (kind(from, &name).map_err(failed)?, kind(to, &name).map_err(failed)?);
        if old != Some(FileType::Directory) {
            continue;
        }
        let (path, folder) = (display_path.join(&name), open_folder(to, &name).map_err(failed)?);
        if new == Some(FileType::Directory) {
            check(&open_folder(from, &name).map_err(failed)?, &folder, &path)?;
        } else if !is_empty(&folder).map_err(failed)? {
            return Err(DestinationError::Taken { path }.into());
        }
    }
    Ok(())
}

struct FolderMerge {
    /// Paths of entries that did not exist before.
    new: Vec<PathBuf>,
}

type FailedAt = (PathBuf, Errno);

impl FolderMerge {
    fn folder(&mut self, from: &OwnedFd, to: &OwnedFd, path: &Path) -> Result<(), FailedAt> {
        let failed = |error| (path.to_owned(), error);
        for name in entry_names(from).map_err(failed)? {
            let below = path.join(&name);
            self.entry(from, to, &name, &below)?;
        }
        Ok(())
    }

    fn entry(&mut self, from: &OwnedFd, to: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), FailedAt> {
        let failed = |error| (path.to_owned(), error);
        let is_folder = kind(from, name).map_err(failed)? == Some(FileType::Directory);
        let old = kind(to, name).map_err(failed)?;
        if is_folder && old == Some(FileType::Directory) {
            let (from, to) = (open_folder(from, name), open_folder(to, name));
            return self.folder(&from.map_err(failed)?, &to.map_err(failed)?, path);
        }
        match old {
            Some(FileType::Directory) => {
                rustix::fs::unlinkat(to, name, AtFlags::REMOVEDIR).map_err(failed)?
            }
            Some(_) if is_folder => rustix::fs::unlinkat(to, name, AtFlags::empty()).map_err(failed)?,
            Some(_) => {}
            None => self.new.push(path.to_owned()),
        }
        match rustix::fs::renameat(from, name, to, name) {
            Err(Errno::XDEV) if is_folder => {
                rustix::fs::mkdirat(to, name, FOLDER_MODE).map_err(failed)?;
                let (from, to) = (open_folder(from, name), open_folder(to, name));
                self.folder(&from.map_err(failed)?, &to.map_err(failed)?, path)
            }
            Err(Errno::XDEV) => copy(from, to, name).map_err(failed),
            other => other.map_err(failed),
        }
    }

    fn undo(&self, to: &OwnedFd) {
        for path in self.new.iter().rev() {
            if let (Ok(folder), Some(name)) =
                (open_below(to, path.parent().unwrap_or(Path::new(""))), path.file_name())
            {
                remove_tree_at(&folder, name);
            }
        }
    }
}

/// Copies a file or a link to another file system that is mounted inside the folder.
fn copy(from: &OwnedFd, to: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    let stat = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let mut fresh = OsString::from(".spec-host-new-");
    fresh.push(name);
    let times = Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: stat.st_atime, tv_nsec: stat.st_atime_nsec as _ },
        last_modification: rustix::fs::Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as _ },
    };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        rustix::fs::symlinkat(rustix::fs::readlinkat(from, name, Vec::new())?, to, &fresh)?;
    } else {
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC;
        let source = File::from(rustix::fs::openat(from, name, flags, rustix::fs::Mode::empty())?);
        let new = create_file(to, &fresh, stat.st_mode)?;
        let copied = clone_or_copy(&source, &new, &Cancel::new()).map_err(|error| errno(&error));
        copied.inspect_err(|_| _ = rustix::fs::unlinkat(to, &fresh, AtFlags::empty()))?;
    }
    rustix::fs::utimensat(to, &fresh, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::fs::renameat(to, &fresh, to, name)
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
