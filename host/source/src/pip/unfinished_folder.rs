//! A folder of files that becomes visible when it has all of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder, with another one for downloads beside it. Both are removed when it is dropped.
#[derive(Debug)]
pub(super) struct UnfinishedFolder(TempDir);

impl UnfinishedFolder {
    /// A folder below `above`, which is made if it does not exist.
    pub(super) fn below(above: &Path) -> io::Result<Self> {
        fs::create_dir_all(above)?;
        let folder = tempfile::Builder::new().prefix(".new_").tempdir_in(above)?;
        fs::create_dir(folder.path().join("files"))?;
        Ok(Self(folder))
    }

    /// Where files are downloaded to.
    pub(super) fn downloads(&self) -> PathBuf {
        self.0.path().join("downloads")
    }

    /// Takes a file out of the downloads.
    pub(super) fn take(&self, download: &str, name: &str) -> io::Result<()> {
        fs::rename(self.downloads().join(download), self.0.path().join("files").join(name))
    }

    /// Moves the files to their place, unless another process was faster.
    pub(super) fn publish(self, place: &Path) -> io::Result<()> {
        match fs::rename(self.0.path().join("files"), place) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            renamed => renamed,
        }
    }
}
