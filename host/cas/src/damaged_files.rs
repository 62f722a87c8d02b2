//! Small files of the store that do not hold what they should. They count as not there, and are made again; whoever opened
//! the store is told of each once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::store::Cas;

type DamageCallback = Box<dyn Fn(&Path, &str) + Send + Sync>;

/// Who is told, and what they were told.
#[derive(Default)]
pub(crate) struct DamagedFiles {
    tell: OnceLock<DamageCallback>,
    told: Mutex<HashSet<PathBuf>>,
}

impl Cas {
    /// Has `tell` called, once for each, with the files that count as not there because they are damaged, and with what
    /// is wrong with them. Only the first call of this matters.
    pub fn on_damaged_file(&self, tell: impl Fn(&Path, &str) + Send + Sync + 'static) {
        let _ = self.shared.damaged_files.tell.set(Box::new(tell));
    }

    /// Tells that a file is damaged.
    pub(crate) fn report_damaged_file(&self, path: &Path, why: &str) {
        let DamagedFiles { tell, told } = &self.shared.damaged_files;
        if let Some(tell) = tell.get()
            && told.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned())
        {
            tell(path, why);
        }
    }
}
