//! Small files of the store with wrong contents. They count as missing, and are written again; a callback reports
//! each of them once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

type DamageCallback = Box<dyn Fn(&Path, &str) + Send + Sync>;

/// The callback for damaged files, and the files that were reported.
#[derive(Default)]
pub(crate) struct DamagedFiles {
    callback: OnceLock<DamageCallback>,
    reported: Mutex<HashSet<PathBuf>>,
}

impl DamagedFiles {
    /// Sets the callback, unless there is one.
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
