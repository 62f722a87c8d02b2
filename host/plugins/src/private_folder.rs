//! Creates folders that no other user can read or write.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Creates `directory` if it is missing, removes the access of other users, and returns its absolute path.
///
/// # Errors
/// When it is a link, or belongs to another user.
pub(crate) fn create(directory: &Path) -> io::Result<PathBuf> {
    let directory = std::path::absolute(directory)?;
    DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
    let metadata = fs::symlink_metadata(&directory)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("it is a link or a file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user; compiled code of other users is not run"));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    }
    Ok(directory)
}

#[cfg(test)]
mod tests;
