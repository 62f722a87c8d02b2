//! A folder of the host whose contents are reached by descriptors alone.
//!
//! What commands wrote may be hostile: links to other files of this machine, modes that keep their owner out, paths
//! longer than the kernel takes. So no path below the folder is given to the kernel as a whole path of the host:
//! every name is opened relative to the descriptor of its folder, and no symbolic link is followed.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::error::{CasError, Result};

/// Bytes of a path that are given to the kernel at once; it takes 4095.
const MAX_CHUNK: usize = 4000;
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A folder of the host. Paths below it are relative, with single slashes; the empty path is the folder itself.
#[derive(Debug)]
pub(crate) struct HostFolder {
    root: OwnedFd,
    /// The name of the folder in messages.
    display_path: PathBuf,
    owner: FolderOwner,
    /// Folders whose modes were changed, with their original modes, in the order of the changes.
    opened: Mutex<Vec<(String, Mode)>>,
}

/// The owner of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FolderOwner {
    /// A user, who may have mounted other file systems in it: modes decide what may be read.
    User,
    /// This program; commands that have ended wrote to it. These bits of a mode are set where they are missing.
    Sandbox { needed: Mode },
}

impl HostFolder {
    /// A folder of a user. What its modes forbid is not read.
    pub(crate) fn of_user(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty()).map_err(CasError::io("open", path))?;
        Ok(Self { root, display_path: path.to_owned(), owner: FolderOwner::User, opened: Mutex::default() })
    }

    /// A folder of this program that was the root of commands, and is called `/` in messages. Modes that forbid
    /// reading are changed; those of folders until [`restore_modes`](Self::restore_modes) is called. With `moving`
    /// entries may be moved out of it.
    pub(crate) fn of_sandbox(path: &Path, moving: bool) -> Result<Self> {
        let flags = OFlags::PATH | DIRECTORY;
        let root = rustix::fs::open(path, flags, Mode::empty()).map_err(CasError::io("open", path))?;
        let needed = if moving { Mode::RWXU } else { Mode::RUSR | Mode::XUSR };
        let owner = FolderOwner::Sandbox { needed };
        Ok(Self { root, display_path: PathBuf::from("/"), owner, opened: Mutex::default() })
    }

    /// The name of the entry at `path` in messages.
    pub(crate) fn display_path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.display_path.clone() } else { self.display_path.join(path) }
    }

    /// The name in messages of the entry `name` of the folder at `path`; bytes that are not UTF-8 are written as
    /// `\xNN`.
    pub(crate) fn display_name(&self, path: &str, name: &[u8]) -> String {
        self.display_path(path).join(escape_invalid_utf8(name)).to_string_lossy().into_owned()
    }

    /// Opens the folder at `path` for listing.
    pub(crate) fn folder(&self, path: &str) -> Result<OwnedFd> {
        self.try_folder(path).map_err(CasError::io("open", self.display_path(path)))
    }

    /// As [`folder`](Self::folder), with the system's error.
    pub(crate) fn try_folder(&self, path: &str) -> Result<OwnedFd, Errno> {
        let folder = match self.open_path(path) {
            Err(Errno::ACCESS | Errno::NOSYS | Errno::PERM) => self.open_by_steps(path)?,
            other => other?,
        };
        self.grant_access(&folder, path, ChmodVia::Descriptor)?;
        Ok(folder)
    }

    /// The original mode of the folder at `path`; `None` when it was not changed.
    pub(crate) fn original_mode(&self, path: &str) -> Option<Mode> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.iter().find(|(opened, _)| opened == path).map(|(_, mode)| *mode)
    }

    /// The status of the entry `name` of an open folder.
    pub(crate) fn stat(&self, folder: impl AsFd, name: &str) -> Result<Stat, Errno> {
        rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens the regular file `name` of the open folder at `path` for reading; returns its status, too.
    pub(crate) fn file(&self, folder: impl AsFd, name: &str, path: &str) -> Result<(File, Stat)> {
        let display_path = || self.display_path(path).join(name);
        let (file, stat) = self.read(folder.as_fd(), name).map_err(CasError::io("open", display_path()))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((file, stat)),
            other => Err(CasError::SpecialFile { path: display_path(), kind: special_file_kind(other) }),
        }
    }

    fn read(&self, folder: BorrowedFd<'_>, name: &str) -> Result<(File, Stat), Errno> {
        // `NONBLOCK`, because somebody may have replaced it by a named pipe meanwhile.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(folder, name, flags, Mode::empty());
        match open() {
            Err(Errno::ACCESS) if self.owner != FolderOwner::User => {
                let handle = rustix::fs::openat(folder, name, flags | OFlags::PATH, Mode::empty())?;
                let stat = rustix::fs::fstat(&handle)?;
                let mode = Mode::from_raw_mode(stat.st_mode);
                chmod_by_proc(&handle, mode | Mode::RUSR)?;
                let opened = open();
                chmod_by_proc(&handle, mode)?;
                Ok((opened?.into(), stat))
            }
            opened => {
                let file = opened?;
                let stat = rustix::fs::fstat(&file)?;
                Ok((file.into(), stat))
            }
        }
    }

    /// Restores the modes of folders that were changed.
    pub(crate) fn restore_modes(&self) -> Result<()> {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        for (path, mode) in opened.iter().rev() {
            let folder = self.open_path(path).or_else(|_| self.open_by_steps(path));
            let closed = folder.and_then(|folder| rustix::fs::fchmod(folder, *mode));
            closed.map_err(CasError::io("set the mode of", self.display_path(path)))?;
        }
        Ok(())
    }

    fn open_path(&self, path: &str) -> Result<OwnedFd, Errno> {
        let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        if self.owner != FolderOwner::User {
            resolve |= ResolveFlags::NO_XDEV;
        }
        let mut at = None;
        for piece in path_chunks(if path.is_empty() { "." } else { path }) {
            let from = at.as_ref().unwrap_or(&self.root);
            at = Some(rustix::fs::openat2(from, piece, OFlags::RDONLY | DIRECTORY, Mode::empty(), resolve)?);
        }
        at.ok_or(Errno::NOENT)
    }

    /// Opens a path folder by folder, for folders without access and for kernels without `openat2`.
    fn open_by_steps(&self, path: &str) -> Result<OwnedFd, Errno> {
        let (mut below, mut length) = (None, 0);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let at = below.as_ref().unwrap_or(&self.root);
            self.grant_access(at, &path[..length], ChmodVia::Proc)?;
            below = Some(rustix::fs::openat(at, name, OFlags::PATH | DIRECTORY, Mode::empty())?);
            length += name.len() + usize::from(length > 0);
        }
        let at = below.as_ref().unwrap_or(&self.root);
        self.grant_access(at, path, ChmodVia::Proc)?;
        rustix::fs::openat(at, ".", OFlags::RDONLY | DIRECTORY, Mode::empty())
    }

    /// Sets the missing bits of the mode of a folder of this program.
    fn grant_access(&self, folder: &OwnedFd, path: &str, through: ChmodVia) -> Result<(), Errno> {
        let FolderOwner::Sandbox { needed } = self.owner else { return Ok(()) };
        let mode = Mode::from_raw_mode(rustix::fs::fstat(folder)?.st_mode);
        if mode.contains(needed) {
            return Ok(());
        }
        match through {
            ChmodVia::Descriptor => rustix::fs::fchmod(folder, mode | needed)?,
            ChmodVia::Proc => chmod_by_proc(folder, mode | needed)?,
        }
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), mode));
        Ok(())
    }
}

/// How a mode is changed: `fchmod` does not work with `O_PATH` descriptors.
#[derive(Clone, Copy)]
enum ChmodVia {
    Descriptor,
    Proc,
}

/// Changes the mode of what a descriptor names, even if it cannot be opened.
pub(crate) fn chmod_by_proc(handle: &OwnedFd, mode: Mode) -> Result<(), Errno> {
    rustix::fs::chmod(format!("/proc/self/fd/{}", handle.as_raw_fd()), mode)
}

/// Parts of a path that the kernel takes, none of them empty.
fn path_chunks(mut path: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = match path.len() {
            0 => return None,
            length if length <= MAX_CHUNK => length,
            // Names are at most 255 bytes long.
            _ => path.as_bytes()[..MAX_CHUNK].iter().rposition(|byte| *byte == b'/')?,
        };
        let (piece, rest) = path.split_at(end);
        path = rest.trim_start_matches('/');
        Some(piece)
    })
}

/// Bytes as text; those that are not UTF-8 are written as `\xNN`.
pub(crate) fn escape_invalid_utf8(raw: &[u8]) -> String {
    let mut text = String::new();
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// The name of a kind of file that no tree can contain.
pub(crate) fn special_file_kind(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Symlink => "symbolic link",
        FileType::Directory => "directory",
        _ => "special file",
    }
}
