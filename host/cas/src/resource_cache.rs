//! Keeps values that were made from files of a store, such as mounts of layers, for the next user of the same file.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of values that are kept, the most recently used ones.
const CAPACITY: usize = 64;

type Resource = (PathBuf, Arc<dyn Any + Send + Sync>);

/// The values by path and type, the most recently used one last.
#[derive(Default)]
pub(crate) struct ResourceCache(Mutex<Vec<Resource>>);

impl ResourceCache {
    /// The value of this type for the file at `path`; `make` makes it when there is none.
    pub(crate) fn get_or_make<T: Any + Send + Sync, E>(
        &self,
        path: &Path,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(found) = self.find(path) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        let mut resources = self.lock();
        resources.push((path.to_owned(), Arc::<T>::clone(&made)));
        let oldest = (resources.len() > CAPACITY).then(|| resources.remove(0));
        drop(resources);
        // Dropping a value may unmount something, which takes long, so it happens without the lock.
        drop(oldest);
        Ok(made)
    }

    fn find<T: Any + Send + Sync>(&self, path: &Path) -> Option<Arc<T>> {
        let mut resources = self.lock();
        let at = resources.iter().position(|(other, value)| other == path && value.is::<T>())?;
        let found = resources.remove(at);
        let value = Arc::clone(&found.1);
        resources.push(found);
        value.downcast().ok()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Resource>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
