//! Folders for work in progress, beside the store so that what is made there can be moved into it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::attributes::set_exact_mode;
use crate::error::{CasError, Result};
use crate::folder_remover::FolderRemover;
use crate::store::Cas;
use crate::temp::TempArea;

/// A folder of this process, on the file system of the store. Dropping it removes its files at once and its folders
/// soon; if the process is killed, they are removed when the store is next opened.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
    remover: Arc<FolderRemover>,
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

    /// A new empty folder, removed as those of a store are.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn scratch(&self) -> Result<ScratchDir> {
        make(&self.area)
    }
}

fn make(area: &TempArea) -> Result<ScratchDir> {
    let path = area.unused_path()?;
    create_dir_exact(&path, 0o700)?;
    Ok(ScratchDir { path, remover: Arc::clone(&area.remover) })
}

/// Makes a folder with exactly this mode, of the group that this process makes files with, without access lists.
pub(crate) fn create_dir_exact(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir(path).map_err(CasError::io("create", path))?;
    let folder = File::open(path).map_err(CasError::io("open", path))?;
    set_exact_mode(&folder, mode).map_err(CasError::io("take", path))
}

impl ScratchDir {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new folder in it, with exactly this mode.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn folder(&self, name: &str, mode: u32) -> Result<PathBuf> {
        let path = self.path.join(name);
        create_dir_exact(&path, mode)?;
        Ok(path)
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        self.remover.remove(&self.path);
    }
}

#[cfg(test)]
mod tests;
