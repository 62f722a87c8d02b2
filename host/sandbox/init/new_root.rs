//! Finds places in the new root, and makes those that are missing.

use crate::call;
use crate::mount_points;
use crate::protocol::SetupStep;
use crate::shared_status::{Failure, InStep};
use crate::sys::{self, KernelBuffer, Ret};
use core::ffi::CStr;

/// The new root, mounted but not yet entered.
pub struct NewRoot {
    pub fd: i32,
    pub device: u64,
    /// The upper directory itself, below the overlay.
    pub upper: i32,
    /// The channel to the supervisor for mount points that were made.
    pub mount_points: i32,
    pub devices: DeviceFolder,
}

/// The folder of devices in the new root.
pub struct DeviceFolder {
    /// The folder that the supervisor made, until it is attached.
    pub prepared: Option<i32>,
    /// Whether the folder attached last is the supervisor's.
    pub own: bool,
    /// The folder attached last, or -1.
    pub folder: i32,
}

/// What to make when a path does not exist.
#[derive(Clone, Copy, PartialEq)]
pub enum MissingEntry {
    /// A directory that is kept as a part of the root.
    Directory,
    /// A directory to mount on, removed when all is over.
    MountDirectory,
    /// An empty file to mount on, removed when all is over.
    MountFile,
}

const PATH_MAX: usize = 4096;

impl NewRoot {
    /// Opens `path`, an absolute path inside, for reference.
    pub fn find(&self, path: &CStr) -> Ret<i32> {
        sys::open_in_root(self.fd, path)
    }

    /// Opens `path`; makes it, and the directories above it, if it is missing.
    pub fn place(&self, path: &CStr, missing: MissingEntry) -> Result<i32, Failure> {
        match self.find(path) {
            Err(sys::ENOENT) => self.make(path.to_bytes(), missing).in_step(SetupStep::MakePlace),
            found => found.in_step(SetupStep::MakePlace),
        }
    }

    fn make(&self, path: &[u8], missing: MissingEntry) -> Ret<i32> {
        let mut part = [0u8; PATH_MAX];
        if path.len() >= PATH_MAX {
            return Err(sys::EINVAL);
        }
        let mut parent = call!(OPENAT, self.fd, c".", sys::O_PATH | sys::O_CLOEXEC)? as i32;
        let mut start = 0;
        while start < path.len() {
            let end = path[start..].iter().position(|&b| b == b'/').map_or(path.len(), |i| start + i);
            if end > start {
                part[..end].copy_from_slice(&path[..end]);
                part[end] = 0;
                let kind = match missing {
                    MissingEntry::MountFile if end < path.len() => MissingEntry::MountDirectory,
                    other => other,
                };
                let next = self.enter(parent, &part[..=end], start, kind)?;
                sys::close(parent);
                parent = next;
            }
            start = end + 1;
        }
        Ok(parent)
    }

    /// Opens `path` (with its NUL), whose last part, from `name` on, is made in `parent` if missing.
    fn enter(&self, parent: i32, path: &[u8], name: usize, missing: MissingEntry) -> Ret<i32> {
        let text = |bytes| CStr::from_bytes_with_nul(bytes).map_err(|_| sys::EINVAL);
        match self.find(text(path)?) {
            Err(sys::ENOENT) => {}
            found => return found,
        }
        let last = text(&path[name..])?;
        match missing {
            MissingEntry::MountFile => {
                let flags = sys::O_CREAT | sys::O_EXCL | sys::O_WRONLY | sys::O_CLOEXEC;
                sys::close(call!(OPENAT, parent, last, flags, 0o644usize)? as i32);
            }
            _ => {
                call!(MKDIRAT, parent, last, 0o755usize)?;
            }
        }
        if missing != MissingEntry::Directory && sys::stat(parent)?.device == self.device {
            self.announce(parent, last)?;
        }
        self.find(text(path)?)
    }

    /// Announces that `name` was made in `parent`, which therefore is in the upper directory now, at the same path.
    fn announce(&self, parent: i32, name: &CStr) -> Ret<()> {
        let mut buffer = [0u8; PATH_MAX];
        let above = working_directory(self.fd, &mut buffer)?;
        let end = working_directory(parent, &mut buffer)?;
        let start = above + usize::from(end > above);
        buffer[end] = 0;
        let path = CStr::from_bytes_with_nul(&buffer[start..=end]).map_err(|_| sys::EINVAL)?;
        let directory = sys::open_beneath(self.upper, if path.is_empty() { c"." } else { path })?;
        let told = mount_points::announce(self.mount_points, directory, name);
        sys::close(directory);
        told.map(drop)
    }
}

/// Enters `directory` and writes its path without a trailing slash; returns the length.
fn working_directory(directory: i32, path: &mut [u8; PATH_MAX]) -> Ret {
    call!(FCHDIR, directory)?;
    let end = call!(GETCWD, KernelBuffer(&mut *path), PATH_MAX)? - 1;
    Ok(if path[..end].ends_with(b"/") { end - 1 } else { end })
}
