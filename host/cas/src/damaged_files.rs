//! Small files of the store that do not hold what they should. They count as not there, and are written again; whoever
//! opened the store is told of each once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

type DamageCallback = Box<dyn Fn(&Path, &str) + Send + Sync>;

/// Who is told of damaged files, and the files that were reported.
#[derive(Default)]
pub(crate) struct DamagedFiles {
    callback: OnceLock<DamageCallback>,
    reported: Mutex<HashSet<PathBuf>>,
}

impl DamagedFiles {
    /// Has `callback` called from now on, unless another one is called already.
    pub(crate) fn set_callback(&self, callback: impl Fn(&Path, &str) + Send + Sync + 'static) {
        let _ = self.callback.set(Box::new(callback));
    }

    /// Reports a damaged file, unless it was reported before.
    pub(crate) fn report(&self, path: &Path, why: &str) {
        if let Some(callback) = self.callback.get()
            && self.reported.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned())
        {
            callback(path, why);
        }
    }
}
