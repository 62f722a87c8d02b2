//! Locks, so that only one process at a time makes a shared file or folder.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

/// Holds the lock of a thing until it is dropped, or the process ends in whatever way.
pub(crate) struct Lock(#[expect(dead_code, reason = "keeps the lock")] File);

impl Lock {
    /// Waits for the lock of what is to be made at `path`, whose folder is made too.
    pub(crate) fn take(path: &Path) -> Result<Lock> {
        let folder = path.parent().context("a lock needs a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = File::create(path.with_extension("lock"))?;
        if file.try_lock().is_err() {
            println!("waiting for another process that makes {}", path.display());
            file.lock()?;
        }
        Ok(Lock(file))
    }
}
