//! The files of a project that its sources of kind `local` stage.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use spec_cas::{Cas, SharedStatCache};
use spec_model::Digest;

/// The files of one project. They are read once by all sources together, and not again by the next program while they do not
/// change.
#[derive(Debug)]
pub struct LocalFiles {
    /// The folder of the project.
    project: PathBuf,
    stat_cache: OnceLock<SharedStatCache>,
    /// The trees of folders that were stored.
    trees: Mutex<HashMap<PathBuf, Digest>>,
}

impl LocalFiles {
    /// Those of the project in a folder.
    #[must_use]
    pub fn of_project(folder: &Path) -> Self {
        Self { project: folder.to_owned(), stat_cache: OnceLock::new(), trees: Mutex::default() }
    }

    /// Where the digests of files are kept, beside the store.
    pub(crate) fn folder(cas: &Cas) -> PathBuf {
        cas.root().parent().unwrap_or(cas.root()).join("seen")
    }

    /// Stores a folder as a tree.
    pub(crate) fn store_folder(&self, cas: &Cas, folder: &Path) -> spec_cas::Result<Digest> {
        // A panic of another thread leaves whole entries.
        let trees = || self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = trees().get(folder) {
            return Ok(*known);
        }
        let tree = cas.import_part_again(folder, self.stat_cache(cas))?;
        trees().insert(folder.to_owned(), tree);
        Ok(tree)
    }

    /// Stores a file.
    pub(crate) fn store_file(&self, cas: &Cas, file: &Path) -> spec_cas::Result<Digest> {
        cas.put_file_again(file, self.stat_cache(cas))
    }

    /// Keeps the digests that were found for the next program.
    pub fn save(&self) {
        if let Some(stat_cache) = self.stat_cache.get() {
            stat_cache.save();
        }
    }

    fn stat_cache(&self, cas: &Cas) -> &SharedStatCache {
        let open = || SharedStatCache::open(&Self::folder(cas), &self.project, cas.function());
        self.stat_cache.get_or_init(open)
    }
}
