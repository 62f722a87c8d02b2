//! Writing trees to folders of the store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use spec_model::Digest;
use spec_model::tree::{FileNode, SymlinkNode};

use crate::attributes::{fixed_times, set_mode_and_time, set_node_time};
use crate::error::{CasError, Result};
use crate::sparse::clone_or_copy;
use crate::store::Cas;

impl Cas {
    /// Puts a tree at `dest`, which must not exist. A part of the tree is left there when this fails, so it is for
    /// folders that nobody else reads. For folders of users there is [`export`](Self::export).
    ///
    /// Files are the folder's own, sharing blocks with the store where the file system can.
    ///
    /// Directories and executables get mode 0755, other files 0644, all the time 2011-11-11 11:11:11 UTC, unless a
    /// node's properties say otherwise.
    ///
    /// # Errors
    /// `cas-missing` naming the path, `cas-disk-full`, or when the file system fails.
    pub fn checkout_into(&self, root: &Digest, dest: &Path) -> Result<()> {
        self.tree_size(root)?;
        self.bring_tree(root)?;
        fs::create_dir(dest).map_err(CasError::io("create", dest))?;
        let checkout = Checkout { cas: self, dest, failure: Mutex::new(None) };
        self.workers()?.scope(|scope| checkout.folder(scope, PathBuf::new(), *root));
        checkout.failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

struct Checkout<'a> {
    cas: &'a Cas,
    dest: &'a Path,
    failure: Mutex<Option<CasError>>,
}

impl Checkout<'_> {
    fn folder<'scope>(&'scope self, scope: &Scope<'scope>, path: PathBuf, digest: Digest) {
        if let Err(error) = self.fill(scope, &path, &digest) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Fills a folder that exists. The folder's own time is set last, because every new entry changes it.
    fn fill<'scope>(&'scope self, scope: &Scope<'scope>, path: &Path, digest: &Digest) -> Result<()> {
        if self.has_failed() {
            return Ok(());
        }
        let directory = self.cas.directory_at(digest, &path.to_string_lossy())?;
        let host = self.dest.join(path);
        let folder = File::open(&host).map_err(CasError::io("open", &host))?;
        for child in &directory.directories {
            let made = rustix::fs::mkdirat(&folder, child.name.as_str(), Mode::from_raw_mode(0o755));
            made.map_err(CasError::io("create", host.join(&child.name)))?;
            let (path, digest) = (path.join(&child.name), child.digest);
            scope.spawn(move |scope| self.folder(scope, path, digest));
        }
        for file in &directory.files {
            self.cas.check_cancel()?;
            self.copy(&folder, file)
                .map_err(|error| error.about(format!("file /{}", path.join(&file.name).display())))?;
        }
        for link in &directory.symlinks {
            symlink(&folder, link).map_err(CasError::io("create", host.join(&link.name)))?;
        }
        set_mode_and_time(&folder, directory.properties.unix_mode.unwrap_or(0o755))
            .map_err(CasError::io("finish", &host))
    }

    fn copy(&self, folder: &File, file: &FileNode) -> Result<()> {
        let mode = file.properties.unix_mode.unwrap_or(if file.executable { 0o755 } else { 0o644 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let made = rustix::fs::openat(folder, file.name.as_str(), flags, Mode::from_raw_mode(0o600));
        let to: File = made.map_err(CasError::io("create", &file.name))?.into();
        let source = self.cas.open_blob(&file.digest)?;
        clone_or_copy(&source, &to, &self.cas.options.cancel).map_err(CasError::io("write", &file.name))?;
        set_mode_and_time(&to, mode).map_err(CasError::io("finish", &file.name))?;
        set_node_time(&to, &file.properties).map_err(CasError::io("finish", &file.name))
    }
}

pub(crate) fn symlink(folder: &File, link: &SymlinkNode) -> Result<(), Errno> {
    rustix::fs::symlinkat(link.target.as_str(), folder, link.name.as_str())?;
    rustix::fs::utimensat(folder, link.name.as_str(), &fixed_times(), AtFlags::SYMLINK_NOFOLLOW)
}

/// Renames a finished tree into place; `false` when another process did so first.
pub(crate) fn rename_if_absent(from: &Path, to: &Path) -> Result<bool> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, rustix::fs::RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(false),
        Err(error) => Err(CasError::io("create", to)(error)),
    }
}
