//! What users of a store made of its files and keep with it, such as mounts: whoever has a handle on the store in this
//! process finds it again, as long as not too many others were made since.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::Cas;

/// So many things are kept, those that were used last.
const MOST: usize = 64;

#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<(PathBuf, Arc<dyn Any + Send + Sync>)>>);

impl Cas {
    /// What was made of the file at `path` before, or what `make` makes of it now. The file may be gone meanwhile.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn kept<T: Any + Send + Sync, E>(
        &self,
        path: &Path,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(found) = self.find_kept(path) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        let mut kept = self.shared.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((path.to_owned(), Arc::<T>::clone(&made)));
        let oldest = (kept.len() > MOST).then(|| kept.remove(0));
        drop(kept);
        // Outside of the lock: it may take a while.
        drop(oldest);
        Ok(made)
    }

    fn find_kept<T: Any + Send + Sync>(&self, path: &Path) -> Option<Arc<T>> {
        let mut kept = self.shared.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, value)| other == path && value.is::<T>())?;
        let found = kept.remove(at);
        let value = Arc::clone(&found.1);
        kept.push(found);
        value.downcast().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let get = |number: usize, value| {
            let made = cas.kept(Path::new(&number.to_string()), || Ok::<usize, ()>(value));
            *made.expect("it is made")
        };
        assert_eq!((get(0, 1), get(0, 2), get(1, 3)), (1, 1, 3));
        for number in 2..=MOST {
            get(number, number);
            assert_eq!(get(0, 2), 1);
        }
        assert_eq!(get(1, 4), 4, "it was used least");
        assert!(cas.kept(Path::new("0"), || Ok::<u8, ()>(5)).is_ok_and(|other| *other == 5), "another type");
    }
}
