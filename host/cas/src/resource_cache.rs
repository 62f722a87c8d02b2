//! Values that users of a store made of its files, such as mounts of layers, for whoever needs the same file next.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many values are kept, those that were used last.
const CAPACITY: usize = 64;

type Resource = (PathBuf, Arc<dyn Any + Send + Sync>);

/// The values by path and type, the one that was used last at the end.
#[derive(Default)]
pub(crate) struct ResourceCache(Mutex<Vec<Resource>>);

impl ResourceCache {
    /// The value of this type that was made of the file at `path`, or what `make` makes of it now.
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
        // Dropping it, which may unmount something, takes a while: not under the lock.
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
