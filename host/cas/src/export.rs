//! Writes trees to folders of users.

use std::path::Path;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use rustix::fs::Mode;
use spec_model::tree::FileNode;
use spec_model::{Cancel, Digest};

use crate::destination::Destination;
use crate::dirfd::{create_file, create_symlink, open_below, set_time};
use crate::error::{CasError, Result};
use crate::sparse::clone_or_copy;
use crate::store::Cas;

impl Cas {
    /// Writes a tree for a user; [`Destination::finish`] moves it to its place.
    ///
    /// No file shares an inode with the store; files share blocks with it where the file system can. As with
    /// BuildStream permissions are those that the user's umask gives, and for files the executable bit alone counts,
    /// so no file becomes set-uid here. The time is 2011-11-11 11:11:11 UTC unless a node says otherwise.
    ///
    /// # Errors
    /// `cas-missing` naming the path, `cas-disk-full`, `cancelled`, or when the file system fails.
    pub fn export(&self, root: &Digest, to: &Destination, cancel: &Cancel) -> Result<()> {
        self.tree_size(root)?;
        self.bring_tree(root)?;
        let export = Export { cas: self, to, cancel, failure: Mutex::new(None) };
        self.workers()?.scope(|scope| export.folder(scope, PathBuf::new(), *root));
        export.failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

struct Export<'a> {
    cas: &'a Cas,
    to: &'a Destination,
    cancel: &'a Cancel,
    failure: Mutex<Option<CasError>>,
}

impl Export<'_> {
    fn folder<'scope>(&'scope self, scope: &Scope<'scope>, path: PathBuf, digest: Digest) {
        if self.failure().is_some() {
            return;
        }
        let filled = if self.cancel.is_cancelled() {
            Err(CasError::Cancelled)
        } else {
            self.fill(scope, &path, &digest)
        };
        if let Err(error) = filled {
            self.failure().get_or_insert(error);
        }
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<CasError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills an existing folder. The folder's own time is set last, because every new entry changes it.
    fn fill<'scope>(&'scope self, scope: &Scope<'scope>, path: &Path, digest: &Digest) -> Result<()> {
        let directory = self.cas.directory_at(digest, &path.to_string_lossy())?;
        let display_path = |name: &str| self.to.path().join(path).join(name);
        let folder = open_below(self.to.tree(), path).map_err(CasError::io("open", display_path("")))?;
        for child in &directory.directories {
            let made = rustix::fs::mkdirat(&folder, child.name.as_str(), Mode::from_raw_mode(0o777));
            made.map_err(CasError::io("create", display_path(&child.name)))?;
            let (path, digest) = (path.join(&child.name), child.digest);
            scope.spawn(move |scope| self.folder(scope, path, digest));
        }
        for file in &directory.files {
            let written = self.file(&folder, file, &display_path(&file.name));
            written.map_err(|error| error.about(format!("file /{}", path.join(&file.name).display())))?;
        }
        for entry in &directory.symlinks {
            let made = create_symlink(&folder, entry.name.as_str(), &entry.target);
            made.map_err(CasError::io("create", display_path(&entry.name)))?;
        }
        set_time(&folder, directory.properties.mtime).map_err(CasError::io("finish", display_path("")))
    }

    fn file(&self, folder: &std::os::fd::OwnedFd, file: &FileNode, display_path: &Path) -> Result<()> {
        let permissions = if file.executable { 0o777 } else { 0o666 };
        let source = self.cas.open_blob(&file.digest)?;
        let to = create_file(folder, file.name.as_str(), permissions)
            .map_err(CasError::io("create", display_path))?;
        clone_or_copy(&source, &to, self.cancel).map_err(CasError::io("write", display_path))?;
        set_time(&to, file.properties.mtime).map_err(CasError::io("finish", display_path))
    }
}
