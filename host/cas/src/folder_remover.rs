//! Removes scratch folders in the background.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::remove_tree::{remove_all, remove_files};

/// When so many folders are in the queue, callers remove further ones themselves.
const QUEUE_LENGTH: usize = 32;

/// A thread that removes folders, started with the first one. On a file system mounted with `discard`, removing a
/// folder waits for the device: 0.2 ms on an idle machine, several on a busy one.
///
/// Dropping this waits until all folders in the queue are removed.
#[derive(Debug, Default)]
pub(crate) struct FolderRemover(Mutex<Option<RemoverThread>>);

#[derive(Debug)]
struct RemoverThread {
    queue: SyncSender<PathBuf>,
    handle: JoinHandle<()>,
}

impl FolderRemover {
    /// Removes the folder at `path`, whose name must not be used again: its files now, so that their space is free,
    /// and the folders soon. What cannot be removed is removed when the store is next opened.
    pub(crate) fn remove(&self, path: &Path) {
        let _ = remove_files(path);
        if !self.enqueue(path) {
            let _ = remove_all(path);
        }
    }

    /// Gives the folder to the thread; `false` when the queue is full, or there is no thread.
    fn enqueue(&self, path: &Path) -> bool {
        let mut thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            *thread = start();
        }
        thread.as_ref().is_some_and(|thread| thread.queue.try_send(path.to_owned()).is_ok())
    }
}

fn start() -> Option<RemoverThread> {
    let (queue, folders) = sync_channel::<PathBuf>(QUEUE_LENGTH);
    let work = move || folders.iter().for_each(|path| _ = remove_all(&path));
    let handle = Builder::new().name("folder-remover".to_owned()).spawn(work).ok()?;
    Some(RemoverThread { queue, handle })
}

impl Drop for FolderRemover {
    fn drop(&mut self) {
        let thread = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(RemoverThread { queue, handle }) = thread {
            drop(queue);
            // The thread ignores errors of removals.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests;
