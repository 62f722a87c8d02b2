//! Where things are inside a store.

use std::ffi::CStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use spec_model::Digest;

use crate::error::{CasError, Result};

/// BuildStream's one modification time of every staged file: 2011-11-11 11:11:11 UTC, in seconds.
pub const FIXED_MTIME: i64 = 1_321_009_871;

/// Contents, mode 0644, one inode per blob.
pub(crate) const OBJECTS: &str = "objects";
/// Copies with mode 0755, which earlier versions linked to; they go with their blobs.
pub(crate) const EXEC: &str = "exec";
/// Folders of running processes, see [`crate::temp`].
pub(crate) const TMP: &str = "tmp";
/// Damaged blobs, kept for people to look at.
pub(crate) const QUARANTINE: &str = "quarantine";
/// Markers of trees known to be whole, see [`crate::completeness`].
pub(crate) const COMPLETE: &str = "complete";
/// Checked-out trees, see [`crate::layer_cache`].
pub(crate) const TREES: &str = "trees";
/// Results of actions, see [`crate::action_cache`].
pub(crate) const ACTIONS: &str = "actions";
/// What is known of how much there is, see [`crate::usage_estimate`] and [`crate::evict`].
pub(crate) const QUOTA: &str = "quota";
/// Named records, see [`crate::refs`].
pub(crate) const REFS: &str = "refs";

/// What is in a folder, in no order; nothing if the folder is not there.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(CasError::io("list", folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<std::io::Result<_>>().map_err(CasError::io("list", folder))
}

/// A blob's path below `objects` or `exec`: `xx/HASH`, on the stack, ready for a system call.
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
mod tests {
    use super::*;

    #[test]
    fn blobs_lie_below_the_first_two_digits() {
        let digest = Digest::of(b"");
        assert_eq!(BlobName::of(&digest).text(), format!("e3/{}", digest.hex()));
    }
}
