//! Reading single entries of the upper folder of an overlay.

use std::path::Path;

use rustix::fs::{FileType, Mode, Stat};
use rustix::io::Errno;
use spec_model::Digest;

use crate::capture::CapturedTree;
use crate::error::{CasError, Result};
use crate::host_folder::{HostFolder, special_file_kind};
use crate::overlay_xattrs::{LowerPart, OverlayXattrs, UpperDir, proc_path};
use crate::store::Cas;
use crate::writer::{HostFile, ImportMode};

/// The upper folder of an overlay after its commands ended. Everything in it can be read whatever modes they set, and
/// no link is followed. Paths are relative to the folder, which was the root of the commands.
#[derive(Debug)]
pub struct UpperReader {
    host: HostFolder,
    xattrs: OverlayXattrs,
}

/// An entry that commands wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpperEntry {
    /// What it is.
    pub kind: UpperEntryKind,
    /// The permissions, set-id bits and sticky bit that it was given.
    pub mode: u32,
    /// When it was last changed: seconds since 1970 and nanoseconds.
    pub mtime: (i64, i32),
}

/// The kind of an entry that commands wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpperEntryKind {
    /// A regular file.
    File,
    /// A regular file with the contents of a file in the layers below.
    FileBelow(LowerPart),
    /// A folder, which extends an entry of the layers below.
    Folder(LowerPart),
    /// A symbolic link.
    Symlink {
        /// Its target, as written; bytes that are not UTF-8 as `\xNN`.
        target: String,
        /// Whether it is UTF-8.
        is_text: bool,
    },
    /// The entry of the layers below was removed.
    Gone,
    /// A named pipe, socket or device, which no tree can contain.
    Special(&'static str),
}

impl UpperReader {
    /// Opens the upper folder of an overlay with attributes of this name space.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn open(upper: &Path, xattrs: OverlayXattrs) -> Result<Self> {
        Ok(Self { host: HostFolder::of_sandbox(upper, false)?, xattrs })
    }

    /// What was written at `path`; `None` when nothing was.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn entry(&self, path: &str) -> Result<Option<UpperEntry>> {
        let failed = || CasError::io("look up", self.host.display_path(path));
        if path.is_empty() {
            let folder = self.host.folder("")?;
            let stat = rustix::fs::fstat(folder).map_err(failed())?;
            return self.describe(path, "", "", &stat).map(Some);
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = match self.host.try_folder(parent) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            other => other.map_err(failed())?,
        };
        match self.host.stat(&folder, name) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed()(error)),
            Ok(stat) => self.describe(path, parent, name, &stat).map(Some),
        }
    }

    /// Stores the regular file at `path`, and leaves it there.
    ///
    /// # Errors
    /// `cas-special-file` when it is none; `tree-too-large`; when the disk is full or fails.
    pub fn store_file(&self, cas: &Cas, path: &str) -> Result<Digest> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.host.folder(parent)?;
        let (file, stat) = self.host.file(&folder, name, parent)?;
        cas.options.limits.check(
            &self.host.display_path(path).to_string_lossy(),
            0,
            stat.st_size as u64,
            0,
        )?;
        let display_path = self.host.display_path(path);
        let at = HostFile {
            folder: std::os::fd::AsFd::as_fd(&folder),
            name: Path::new(name),
            display_path: &display_path,
        };
        cas.put_open_file(&at, file, ImportMode::Copy)
    }

    /// As [`Cas::import_upper`], for the folder at `path`, which is over the tree `below`; the folder is not changed.
    /// `root_below` gives the tree below the root.
    ///
    /// # Errors
    /// As [`Cas::import_upper`].
    pub fn capture(
        &self,
        cas: &Cas,
        path: &str,
        below: &Digest,
        root_below: &dyn Fn() -> Result<Digest>,
    ) -> Result<CapturedTree> {
        let upper = UpperDir { folder: Path::new("/"), xattrs: self.xattrs, below: *below, root_below };
        cas.import_written(&self.host, path, &upper, ImportMode::Copy, &|_| true)
    }

    fn describe(&self, path: &str, parent: &str, name: &str, stat: &Stat) -> Result<UpperEntry> {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                let folder = self.host.folder(parent)?;
                let contents = self.xattrs.contents(&proc_path(&folder, name));
                let contents = contents
                    .map_err(CasError::io("read the overlay attributes of", self.host.display_path(path)))?;
                contents.map_or(UpperEntryKind::File, UpperEntryKind::FileBelow)
            }
            FileType::Directory => {
                let folder = self.host.folder(path)?;
                let part = self.xattrs.lower_part(&proc_path(&folder, "."));
                UpperEntryKind::Folder(
                    part.map_err(CasError::io(
                        "read the overlay attributes of",
                        self.host.display_path(path),
                    ))?,
                )
            }
            FileType::Symlink => {
                let folder = self.host.folder(parent)?;
                let target = rustix::fs::readlinkat(folder, name, Vec::new());
                let target = target.map_err(CasError::io("read", self.host.display_path(path)))?;
                let is_text = target.to_str().is_ok();
                UpperEntryKind::Symlink {
                    target: crate::host_folder::escape_invalid_utf8(target.to_bytes()),
                    is_text,
                }
            }
            FileType::CharacterDevice if stat.st_rdev == 0 => UpperEntryKind::Gone,
            other => UpperEntryKind::Special(special_file_kind(other)),
        };
        let mode = self.host.original_mode(path).unwrap_or_else(|| Mode::from_raw_mode(stat.st_mode));
        Ok(UpperEntry { kind, mode: mode.as_raw_mode(), mtime: (stat.st_mtime, stat.st_mtime_nsec as i32) })
    }
}

impl Drop for UpperReader {
    fn drop(&mut self) {
        // If this fails, modes are not those that commands set, which does not matter since the folder is removed
        // soon.
        let _ = self.host.restore_modes();
    }
}

#[cfg(test)]
mod tests;
