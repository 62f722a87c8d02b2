//! Folders for work in progress, beside the store so that what is made there can be moved into it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{CasError, Result};
use crate::folder_remover::FolderRemover;
use crate::store::Cas;
use crate::temp::{TempArea, make_ours};

/// A folder of this process, on the file system of the store. When it is dropped its files are removed at once and its
/// folders soon; if the process is killed, when the store is next opened.
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
    let path = area.fresh()?;
    make_own(&path, 0o700)?;
    Ok(ScratchDir { path, remover: Arc::clone(&area.remover) })
}

/// Makes a folder with exactly this mode, of the group that this process makes files with, without access lists.
pub(crate) fn make_own(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir(path).map_err(CasError::io("create", path))?;
    let folder = File::open(path).map_err(CasError::io("open", path))?;
    make_ours(&folder, mode).map_err(CasError::io("take", path))
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
        make_own(&path, mode)?;
        Ok(path)
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        self.remover.remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

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

    /// A list that gives another user all rights, as the kernel stores it.
    fn access_list() -> Vec<u8> {
        const ANY: u32 = u32::MAX;
        let entries: [(u16, u32); 5] = [(1, ANY), (2, 4242), (4, ANY), (0x10, ANY), (0x20, ANY)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, id) in entries {
            list.extend(tag.to_le_bytes());
            list.extend(7_u16.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        list
    }

    #[test]
    fn nothing_of_the_folder_around_reaches_a_scratch_folder() -> Result<()> {
        let around = tempfile::tempdir().expect("a temporary folder");
        let (path, list) = (around.path(), access_list());
        fs::set_permissions(path, fs::Permissions::from_mode(0o2777)).map_err(CasError::io("open", path))?;
        let set = |name| rustix::fs::setxattr(path, name, &list, rustix::fs::XattrFlags::empty());
        set("system.posix_acl_default").expect("a file system with access lists");
        if rustix::process::geteuid().is_root() {
            let group = Some(rustix::fs::Gid::from_raw(4242));
            rustix::fs::chown(path, None, group).expect("root may");
        }
        let cas = Cas::open(path.join("store"))?;
        let scratch = cas.scratch()?;
        let upper = scratch.folder("upper", 0o755)?;
        let inner = upper.join("inner");
        fs::create_dir(&inner).map_err(CasError::io("create", &inner))?;
        fs::write(inner.join("file"), "").map_err(CasError::io("create", &inner))?;
        for (path, mode) in [(upper, 0o755), (inner.clone(), 0o755), (inner.join("file"), 0o644)] {
            let meta = fs::metadata(&path).map_err(CasError::io("look up", &path))?;
            let group = rustix::process::getegid().as_raw();
            assert_eq!((meta.mode() & 0o7777, meta.gid()), (mode, group), "{}", path.display());
            for name in ["system.posix_acl_default", "system.posix_acl_access"] {
                let list = rustix::fs::getxattr(&path, name, &mut [0_u8; 256][..]);
                assert!(list.is_err(), "{} has {name}", path.display());
            }
        }
        Ok(())
    }
}
