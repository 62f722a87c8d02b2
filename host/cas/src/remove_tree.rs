//! Removes folders that commands wrote to.
//!
//! They may contain anything: folders closed to their owner, links to other places, thousands of nested folders.
//! Everything is removed by descriptors, without following a link or entering another file system, and with few
//! folders open at a time: deep folders are moved up first.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, IFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::host_folder::chmod_by_proc;

/// The number of nested folders that are open at a time.
const LEVELS: u32 = 24;
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Removes the entry at a path that nobody else can change, with everything below it. It is no error when there is
/// none.
///
/// # Errors
/// The first one; everything else was removed.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    with_parent(path, remove_entry)
}

/// Removes the files below a path that nobody else can change, so that their space is free; folders stay, and so does
/// what is more than [`LEVELS`] levels deep.
///
/// # Errors
/// As [`remove_all`].
pub(crate) fn remove_files(path: &Path) -> io::Result<()> {
    with_parent(path, |folder, name| {
        let top = open(folder, name)?;
        let mut removal =
            TreeRemoval { top: top.as_fd(), scope: RemovalScope::Files, moved: 0, failure: None };
        removal.empty_folder(top.as_fd(), 1)
    })
}

fn with_parent(
    path: &Path,
    remove: impl FnOnce(BorrowedFd<'_>, &CStr) -> Result<(), Errno>,
) -> io::Result<()> {
    let (folder, Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => Ok(()),
        opened => {
            let name = std::ffi::CString::new(name.as_encoded_bytes())?;
            Ok(remove(opened?.as_fd(), &name)?)
        }
    }
}

/// Removes what is called `name` in an open folder, with all that is in it.
///
/// # Errors
/// As [`remove_all`].
pub(crate) fn remove_entry(folder: BorrowedFd<'_>, name: &CStr) -> Result<(), Errno> {
    let top = match open(folder, name) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => return unlink(folder, name, AtFlags::empty()),
        Err(error) => return Err(error),
    };
    let mut removal = TreeRemoval { top: top.as_fd(), scope: RemovalScope::All, moved: 0, failure: None };
    loop {
        let before = removal.moved;
        removal.failure = None;
        removal.empty_folder(top.as_fd(), 1)?;
        if removal.moved == before {
            break;
        }
    }
    let removed = unlink(folder, name, AtFlags::REMOVEDIR);
    removal.failure.map_or(removed, Err)
}

/// What a removal removes.
#[derive(Clone, Copy, PartialEq)]
enum RemovalScope {
    All,
    Files,
}

struct TreeRemoval<'a> {
    /// The folder that deep folders are moved to.
    top: BorrowedFd<'a>,
    scope: RemovalScope,
    moved: u64,
    failure: Option<Errno>,
}

impl TreeRemoval<'_> {
    /// Removes what is in a folder, as far as that is possible.
    fn empty_folder(&mut self, folder: BorrowedFd<'_>, level: u32) -> Result<(), Errno> {
        if !Mode::from_raw_mode(rustix::fs::fstat(folder)?.st_mode).contains(Mode::RWXU) {
            rustix::fs::fchmod(folder, Mode::RWXU)?;
        }
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let removed = match entry.file_type() {
                FileType::Directory => self.folder(folder, name, level),
                FileType::Unknown => match unlink(folder, name, AtFlags::empty()) {
                    Err(Errno::ISDIR | Errno::PERM) => self.folder(folder, name, level),
                    done => done,
                },
                _ => unlink(folder, name, AtFlags::empty()),
            };
            if let Err(error) = removed {
                self.failure.get_or_insert(error);
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: BorrowedFd<'_>, name: &CStr, level: u32) -> Result<(), Errno> {
        if self.scope == RemovalScope::Files {
            return if level == LEVELS {
                Ok(())
            } else {
                self.empty_folder(open(folder, name)?.as_fd(), level + 1)
            };
        }
        // An empty folder need not be opened.
        if rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok() {
            return Ok(());
        }
        let child = open(folder, name)?;
        if level == LEVELS {
            return self.move_up(folder, name, &child);
        }
        self.empty_folder(child.as_fd(), level + 1)?;
        unlink(folder, name, AtFlags::REMOVEDIR)
    }

    /// Moves a folder to the top, where it is removed in the next round. The folder must be writable for that,
    /// because its `..` changes.
    fn move_up(&mut self, folder: BorrowedFd<'_>, name: &CStr, child: &OwnedFd) -> Result<(), Errno> {
        rustix::fs::fchmod(child, Mode::RWXU)?;
        unprotect(child);
        loop {
            self.moved += 1;
            match rustix::fs::renameat(folder, name, self.top, format!(".moved-{}", self.moved)) {
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::ISDIR) => {}
                done => return done,
            }
        }
    }
}

/// Opens a folder, changing its mode if that keeps its owner out.
fn open(folder: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let open = |flags: OFlags| match rustix::fs::openat2(folder, name, flags, Mode::empty(), resolve) {
        // Some kernels and containers do not support it.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(folder, name, flags, Mode::empty()),
        opened => opened,
    };
    match open(OFlags::RDONLY | DIRECTORY) {
        Err(Errno::ACCESS) => {
            chmod_by_proc(&open(OFlags::PATH | DIRECTORY)?, Mode::RWXU)?;
            open(OFlags::RDONLY | DIRECTORY)
        }
        opened => opened,
    }
}

fn unlink(folder: BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<(), Errno> {
    let unlink = || match rustix::fs::unlinkat(folder, name, flags) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    };
    match unlink() {
        Err(Errno::PERM) => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            if let Ok(entry) = rustix::fs::openat(folder, name, flags, Mode::empty()) {
                unprotect(entry);
            }
            unprotect(folder);
            unlink()
        }
        done => done,
    }
}

/// Clears the flags `immutable` and `append-only`, which commands of root can set.
fn unprotect(file: impl AsFd) {
    let protection = IFlags::IMMUTABLE | IFlags::APPEND;
    if let Ok(flags) = rustix::fs::ioctl_getflags(&file)
        && flags.intersects(protection)
    {
        let _ = rustix::fs::ioctl_setflags(&file, flags - protection);
    }
}

#[cfg(test)]
mod tests;
