//! Folders for work in progress, beside the store so that what is made there can be moved into it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{CasError, Result};
use crate::removal::remove_all;
use crate::store::Cas;
use crate::temp::TempArea;

/// A folder of this process, on the file system of the store. Removed when dropped; if the process is killed, when
/// the store is next opened.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl Cas {
    /// A new empty folder.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn scratch(&self) -> Result<ScratchDir> {
        make(&self.shared.temp)
    }
}

/// A place for scratch folders outside of a store, such as a file system in memory.
#[derive(Debug)]
pub struct ScratchArea {
    area: TempArea,
}

impl ScratchArea {
    /// Opens the area in the folder `parent`, making it when it is not there, and removes what killed processes left.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(parent: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self { area: TempArea::open(parent.into())? })
    }

    /// A new empty folder. Removed when dropped; if the process is killed, when the area is next opened.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn scratch(&self) -> Result<ScratchDir> {
        make(&self.area)
    }
}

fn make(area: &TempArea) -> Result<ScratchDir> {
    let path = area.fresh()?;
    fs::create_dir(&path).map_err(CasError::io("create", &path))?;
    Ok(ScratchDir { path })
}

impl ScratchDir {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // What resists is removed when the store is next opened.
        let _ = remove_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_dropped_folder_is_gone_with_all_it_holds() -> Result<()> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let scratch = Cas::open(folder.path())?.scratch()?;
        let path = scratch.path().to_owned();
        let closed = path.join("closed");
        fs::create_dir_all(closed.join("inner")).map_err(CasError::io("create", &closed))?;
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o0))
            .map_err(CasError::io("close", &closed))?;
        drop(scratch);
        assert!(!path.exists());
        Ok(())
    }
}
