//! A folder that no other user can read or write.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The absolute path of `directory`, which is made if it is missing and closed to others if it was not.
///
/// # Errors
/// When it is a link, or belongs to somebody else.
pub(crate) fn folder(directory: &Path) -> io::Result<PathBuf> {
    let directory = std::path::absolute(directory)?;
    DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
    let metadata = fs::symlink_metadata(&directory)?;
    if !metadata.is_dir() {
        return Err(io::Error::other("it is a link or a file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user, whose code this user does not run"));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_closed_to_others() -> io::Result<()> {
        let parent = tempfile::tempdir()?;
        let directory = parent.path().join("code");
        fs::create_dir(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o777))?;
        folder(&directory)?;
        assert_eq!(fs::metadata(&directory)?.mode() & 0o777, 0o700);
        Ok(())
    }

    #[test]
    fn a_link_is_refused() -> io::Result<()> {
        let parent = tempfile::tempdir()?;
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(parent.path(), &link)?;
        assert!(folder(&link).is_err());
        Ok(())
    }
}
