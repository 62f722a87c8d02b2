//! Removes scratch folders beside other work.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::removal::{remove_all, remove_files};

/// So many folders wait at most; then who wants to remove one does it itself.
const WAITING: usize = 32;

/// A thread that removes folders, started when there is the first one. A file system on a device that is told of freed
/// blocks waits for the device with every folder: 0.2 ms on a quiet machine, several on a busy one.
///
/// When this is dropped, everything that waited is gone.
#[derive(Debug, Default)]
pub(crate) struct FolderRemover(Mutex<Option<Thread>>);

#[derive(Debug)]
struct Thread {
    folders: SyncSender<PathBuf>,
    handle: JoinHandle<()>,
}

impl FolderRemover {
    /// Removes the folder at `path`, whose name nobody uses again: its files now, so that their room is free, and the
    /// folders soon. What resists is removed when the store is next opened.
    pub(crate) fn remove(&self, path: &Path) {
        let _ = remove_files(path);
        if !self.take(path) {
            let _ = remove_all(path);
        }
    }

    /// Whether the thread will do it.
    fn take(&self, path: &Path) -> bool {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = start();
        }
        thread.as_ref().is_some_and(|thread| thread.folders.try_send(path.to_owned()).is_ok())
    }
}

fn start() -> Option<Thread> {
    let (folders, waiting) = sync_channel::<PathBuf>(WAITING);
    let work = move || waiting.iter().for_each(|path| _ = remove_all(&path));
    let handle = Builder::new().name("folder-remover".to_owned()).spawn(work).ok()?;
    Some(Thread { folders, handle })
}

impl Drop for FolderRemover {
    fn drop(&mut self) {
        let thread = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Thread { folders, handle }) = thread {
            drop(folders);
            // It has nothing to tell.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_go_at_once_and_folders_before_it_ends() {
        let area = tempfile::tempdir().expect("a temporary folder");
        let remover = FolderRemover::default();
        let paths: Vec<PathBuf> =
            (0..3 * WAITING).map(|number| area.path().join(number.to_string())).collect();
        for path in &paths {
            fs::create_dir_all(path.join("a/b")).expect("a folder");
            fs::write(path.join("a/b/file"), "text").expect("a file");
        }
        for path in &paths {
            remover.remove(path);
            assert!(!path.join("a/b/file").exists());
        }
        drop(remover);
        assert!(paths.iter().all(|path| !path.exists()));
    }
}
