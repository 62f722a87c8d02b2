//! Names and paths inside a store.

use std::ffi::CStr;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};

/// BuildStream's one modification time of every staged file: 2011-11-11 11:11:11 UTC, in seconds.
pub const FIXED_MTIME: i64 = 1_321_009_871;

/// Contents, mode 0644, one inode per blob.
pub(crate) const OBJECTS: &str = "objects";
/// Copies of blobs with mode 0755, which earlier versions made; they are removed with their blobs.
pub(crate) const EXEC: &str = "exec";
/// The folders of running processes, see [`crate::temp`].
pub(crate) const TMP: &str = "tmp";
/// Damaged blobs, kept for people to look at.
pub(crate) const QUARANTINE: &str = "quarantine";
/// Markers of trees known to be whole, see [`crate::completeness`].
pub(crate) const COMPLETE: &str = "complete";
/// Layers made of trees, see [`crate::layer_cache`].
pub(crate) const TREES: &str = "trees";
/// Results of actions, see [`crate::action_cache`].
pub(crate) const ACTIONS: &str = "actions";
/// How much the store takes, see [`crate::usage_estimate`] and [`crate::evict`].
pub(crate) const QUOTA: &str = "quota";
/// The form of layers that works, see [`crate::found_layer_form`].
pub(crate) const LAYER_FORM: &str = "layer-form";
/// Named records, see [`crate::refs`].
pub(crate) const REFS: &str = "refs";

/// The entries of a folder, in no order; none if the folder does not exist.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(CasError::io("list", folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<std::io::Result<_>>().map_err(CasError::io("list", folder))
}

/// The last component of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether this is a regular file of that size.
pub(crate) fn is_whole_blob(stat: &Stat, size: u64) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_size as u64 == size
}

/// The path by which an overlay finds a blob in the folder of blobs: absolute, as if that folder were the root.
pub(crate) fn overlay_redirect(digest: &Digest) -> String {
    format!("/{}", BlobName::of(digest).text())
}

/// Digits of a blob's name.
const HASH_DIGITS: usize = 64;

/// Visits the names of the blobs in the folder `blobs` whose hash begins with this byte, in their sub-folder. `root` is
/// the store, for errors.
pub(crate) fn visit_blob_names(
    blobs: &OwnedFd,
    root: &Path,
    first: u8,
    mut visit: impl FnMut(&OwnedFd, &str) -> Result<()>,
) -> Result<()> {
    let failed = || CasError::io("list", root);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = match rustix::fs::openat(blobs, format!("{first:02x}"), flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        other => other.map_err(failed())?,
    };
    for entry in Dir::read_from(&folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        if let Ok(name) = entry.file_name().to_str()
            && name.len() == HASH_DIGITS
        {
            visit(&folder, name)?;
        }
    }
    Ok(())
}

/// A blob's path below `objects` or `exec`: `xx/HASH`, as a C string on the stack.
pub(crate) struct BlobName([u8; 68]);

impl BlobName {
    pub(crate) fn of(digest: &Digest) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut name = [0; 68];
        for (pair, byte) in name[3..67].chunks_exact_mut(2).zip(digest.hash()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        name[0] = name[3];
        name[1] = name[4];
        name[2] = b'/';
        Self(name)
    }

    pub(crate) fn path(&self) -> &CStr {
        CStr::from_bytes_with_nul(&self.0).expect("hexadecimal digits, then the only NUL")
    }

    pub(crate) fn text(&self) -> &str {
        self.path().to_str().expect("hexadecimal digits are UTF-8")
    }
}

#[cfg(test)]
mod tests;
