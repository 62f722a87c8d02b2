//! A folder of files that becomes visible when it has all of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes names differ within this process.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The folder, with another one for downloads beside it. Both are removed when it is dropped.
#[derive(Debug)]
pub(super) struct UnfinishedFolder {
    path: PathBuf,
}

impl UnfinishedFolder {
    /// A folder below `above`, which is made if it does not exist.
    pub(super) fn below(above: &Path) -> io::Result<Self> {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = above.join(format!(".new_{}_{number}", std::process::id()));
        fs::create_dir_all(path.join("files"))?;
        Ok(Self { path })
    }

    /// Where files are downloaded to.
    pub(super) fn downloads(&self) -> PathBuf {
        self.path.join("downloads")
    }

    /// Takes a file out of the downloads.
    pub(super) fn take(&self, download: &str, name: &str) -> io::Result<()> {
        fs::rename(self.downloads().join(download), self.path.join("files").join(name))
    }

    /// Moves the files to their place, unless another process was faster.
    pub(super) fn publish(self, place: &Path) -> io::Result<()> {
        match fs::rename(self.path.join("files"), place) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            renamed => renamed,
        }
    }
}

impl Drop for UnfinishedFolder {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.path);
    }
}
