//! The destination of a tree that a user asked for: a new folder, or an existing one.
//!
//! The tree is made in a staging folder: beside the new folder, or inside the existing one, which may be a mount
//! point or lie in a folder that cannot be written. It is moved to its place when it is complete. Everything is
//! opened by descriptors, and no link in a destination is followed, because other users may write there.

mod move_into;
mod staging;

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use staging::StagingFolder;

use crate::dirfd::{FOLDER_MODE, create_file, create_symlink, is_empty, open_below};
use crate::error::{CasError, DestinationError, Result};

/// A folder that a tree is written to. If this is dropped unfinished, the staging folder is removed; what a killed
/// process left is removed when the next tree is written to the same place.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    staging: StagingFolder,
    placement: Placement,
    /// Folders above it that were made for it.
    parents: Vec<PathBuf>,
}

#[derive(Debug)]
enum Placement {
    /// Nothing has this name yet in the folder that contains the staging folder.
    New(std::ffi::OsString),
    /// The existing folder, which contains the staging folder.
    Existing(OwnedFd),
}

impl Destination {
    /// Prepares for a tree at `path`: a new folder, or an existing one that is empty. With `force` it need not be
    /// empty, and files of the tree replace those that are there.
    ///
    /// # Errors
    /// `checkout-directory-not-empty`, `destination-no-folder`, or when the file system fails.
    pub fn prepare(path: &Path, force: bool) -> Result<Self> {
        let path = std::path::absolute(path).map_err(CasError::io("find", path))?;
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => Self::inside(path, force),
            Err(error) if error.kind() == ErrorKind::NotFound && path.symlink_metadata().is_err() => {
                Self::new(path)
            }
            Ok(_) => Err(DestinationError::NotAFolder { path }.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(DestinationError::NotAFolder { path }.into())
            }
            Err(error) => Err(CasError::io("look up", &path)(error)),
        }
    }

    fn inside(path: PathBuf, force: bool) -> Result<Self> {
        let folder = fs::File::open(&path).map_err(CasError::io("open", &path))?.into();
        staging::remove_abandoned_staging(&folder);
        let empty = is_empty(&folder).map_err(CasError::io("list", &path))?;
        if !empty && !force {
            return Err(DestinationError::NotEmpty { path }.into());
        }
        let staging = StagingFolder::make(&folder).map_err(CasError::io("write to", &path))?;
        Ok(Self { path, staging, placement: Placement::Existing(folder), parents: Vec::new() })
    }

    fn new(path: PathBuf) -> Result<Self> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(DestinationError::NotAFolder { path }.into());
        };
        let missing: Vec<PathBuf> =
            parent.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        let made = fs::create_dir_all(parent).and_then(|()| {
            let folder = fs::File::open(parent)?.into();
            staging::remove_abandoned_staging(&folder);
            StagingFolder::make(&folder)
        });
        let staging =
            made.inspect_err(|_| remove_empty(&missing)).map_err(CasError::io("write to", parent))?;
        let placement = Placement::New(name.to_owned());
        Ok(Self { path, staging, placement, parents: missing })
    }

    /// Where it will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder at `path`, relative to the tree's root. Its parent is there.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn make_folder(&self, path: &Path) -> Result<()> {
        self.below(path, |folder, name| rustix::fs::mkdirat(folder, name, FOLDER_MODE))
            .map_err(CasError::io("create", self.path.join(path)))
    }

    /// Makes a symbolic link; see [`make_folder`](Self::make_folder).
    ///
    /// # Errors
    /// When the file system fails.
    pub fn make_link(&self, path: &Path, target: &str) -> Result<()> {
        self.below(path, |folder, name| create_symlink(folder, name, target))
            .map_err(CasError::io("create", self.path.join(path)))
    }

    /// Makes an empty file, replacing an earlier one, with these permissions less the user's umask; see
    /// [`make_folder`](Self::make_folder).
    ///
    /// # Errors
    /// When the file system fails.
    pub fn make_file(&self, path: &Path, permissions: u32) -> Result<fs::File> {
        let create = |folder: &OwnedFd, name: &Path| match create_file(folder, name, permissions) {
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
                create_file(folder, name, permissions)
            }
            other => other,
        };
        self.below(path, create).map_err(CasError::io("create", self.path.join(path)))
    }

    fn below<T>(
        &self,
        path: &Path,
        act: impl FnOnce(&OwnedFd, &Path) -> std::result::Result<T, Errno>,
    ) -> std::result::Result<T, Errno> {
        let folder = open_below(self.tree(), path.parent().unwrap_or(Path::new("")))?;
        act(&folder, Path::new(path.file_name().unwrap_or_default()))
    }

    /// The root of the tree while it is being made.
    pub(crate) fn tree(&self) -> &OwnedFd {
        &self.staging.tree
    }

    /// Moves the tree to its place. Then folders get the `permissions` listed by path, less the user's umask; a
    /// folder must come after those in it.
    ///
    /// # Errors
    /// `checkout-directory-not-empty` when another process made it meanwhile, `destination-taken` when a folder that
    /// is not empty is where a file should be, or when the file system fails.
    pub fn finish(&self, permissions: &[(PathBuf, u32)]) -> Result<()> {
        let root = match &self.placement {
            Placement::New(name) => {
                match self.staging.publish_tree(name) {
                    Err(Errno::EXIST | Errno::NOTEMPTY) => {
                        return Err(DestinationError::NotEmpty { path: self.path.clone() }.into());
                    }
                    other => other.map_err(CasError::io("create", &self.path))?,
                }
                self.tree()
            }
            Placement::Existing(folder) => {
                move_into::move_into(self.tree(), folder, &self.path)?;
                folder
            }
        };
        for (path, wanted) in permissions {
            let set = || {
                let folder = open_below(root, path)?;
                let given = rustix::fs::fstat(&folder)?.st_mode;
                rustix::fs::fchmod(&folder, Mode::from_raw_mode(given & wanted & 0o777))
            };
            set().map_err(CasError::io("finish", self.path.join(path)))?;
        }
        Ok(())
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        self.staging.remove();
        remove_empty(&self.parents);
    }
}

/// Removes folders, the innermost first, until one is not empty.
fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
