//! Operations on folders by their descriptors, for folders in which other users may write: no link is followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, ResolveFlags, Timespec};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::attributes::fixed_times;

/// The mode that folders are made with; the umask of the process and the default ACL of the parent may reduce it.
pub(crate) const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// Whether a folder is empty.
pub(crate) fn is_empty(folder: &OwnedFd) -> Result<bool, Errno> {
    Ok(entry_names(folder)?.is_empty())
}

/// The names of the entries of a folder, in no order.
pub(crate) fn entry_names(folder: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Opens a folder by its name, which may not be a link.
pub(crate) fn open_folder(parent: &OwnedFd, name: impl Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

/// Opens a folder below another one without following links, even if other processes make some meanwhile. An empty path
/// is the folder itself.
pub(crate) fn open_below(folder: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    rustix::fs::openat2(folder, path, flags, Mode::empty(), resolve)
}

/// Makes an empty file; fails when something has that name.
pub(crate) fn create_file(folder: &OwnedFd, name: impl Arg, permissions: u32) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(permissions & 0o777)).map(Into::into)
}

/// Makes a symbolic link with the fixed time.
pub(crate) fn create_symlink(folder: &OwnedFd, name: impl Arg + Copy, target: &str) -> Result<(), Errno> {
    rustix::fs::symlinkat(target, folder, name)?;
    rustix::fs::utimensat(folder, name, &fixed_times(), AtFlags::SYMLINK_NOFOLLOW)
}

/// Gives a file or a folder the time of a node, or the fixed one.
pub(crate) fn set_time(file: &impl AsFd, mtime: Option<(i64, i32)>) -> Result<(), Errno> {
    let mut times = fixed_times();
    if let Some((seconds, nanos)) = mtime {
        times.last_modification = Timespec { tv_sec: seconds, tv_nsec: nanos.into() };
    }
    rustix::fs::futimens(file, &times)
}
/// Removes the entry with this name and everything below it, as far as possible. Links are not followed.
pub(crate) fn remove_tree_at(parent: &OwnedFd, name: impl Arg + Copy) {
    if rustix::fs::unlinkat(parent, name, AtFlags::empty()).is_ok() {
        return;
    }
    let Ok(folder) = open_folder(parent, name) else { return };
    for inner in entry_names(&folder).unwrap_or_default() {
        remove_tree_at(&folder, inner.as_os_str());
    }
    let _ = rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR);
}
