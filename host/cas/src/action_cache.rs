//! Results of actions, kept under the action's digest.
//!
//! An entry is a file `actions/xx/HASH-SIZE`: the digests of all blobs that the result refers to, the encoded result,
//! and a checksum. An entry is only returned while all those blobs are in the store. The modification time of the
//! file says when the entry was last used.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout;
use crate::store::Cas;
use crate::usage::note_use_of_file;

mod cached_result;

use cached_result::CachedResult;

/// An entry with more blobs than this is checked once: then it counts as complete until something is removed from the
/// store.
pub(crate) const LARGE_RESULT: usize = 64;

/// The cached results of a store. Shared by threads and processes like the store itself.
#[derive(Clone, Debug)]
pub struct ActionCache {
    cas: Cas,
    folder: PathBuf,
}

impl Cas {
    /// The cached results of actions.
    #[must_use]
    pub fn action_cache(&self) -> ActionCache {
        ActionCache { cas: self.clone(), folder: self.shared.root.join(layout::ACTIONS) }
    }
}

impl ActionCache {
    /// The encoded result of an action, if there is one and every blob that it refers to is in the store. Counts as a
    /// use.
    ///
    /// # Errors
    /// When the file system fails. A damaged entry counts as absent.
    pub fn get(&self, action: &Digest) -> Result<Option<Vec<u8>>> {
        let path = self.path(action);
        let Some((file, entry)) = self.read(&path)? else { return Ok(None) };
        if !self.is_whole(&entry)? {
            return Ok(None);
        }
        note_use_of_file(&file);
        Ok(Some(entry.result))
    }

    /// Stores the encoded result of an action, replacing an earlier one. `needs` are all blobs that it refers to.
    ///
    /// # Errors
    /// `cas-missing` when one of them is not here, `cas-disk-full`, or when the file system fails.
    pub fn put(&self, action: &Digest, needs: &[Digest], result: &[u8]) -> Result<()> {
        if let Some(digest) = self.cas.missing(needs)?.first() {
            let what = "an output of an action".to_owned();
            return Err(CasError::Missing { digest: *digest, what });
        }
        let bytes = CachedResult { needs: needs.to_vec(), result: result.to_vec() }.encode();
        self.cas.replace_file(&self.path(action), &bytes)
    }

    pub(crate) fn needs_at(&self, path: &Path) -> Result<Option<Vec<Digest>>> {
        Ok(self.read(path)?.map(|(_, entry)| entry.needs))
    }

    /// The folders that entries are in.
    pub(crate) fn folders(&self) -> Result<Vec<PathBuf>> {
        layout::entries(&self.folder)
    }

    fn is_whole(&self, entry: &CachedResult) -> Result<bool> {
        let look = |cas: &Cas| Ok(cas.missing(&entry.needs)?.is_empty());
        if entry.needs.len() <= LARGE_RESULT {
            return look(&self.cas);
        }
        let mut names: Vec<u8> = Vec::with_capacity(entry.needs.len() * 32);
        entry.needs.iter().for_each(|digest| names.extend_from_slice(digest.hash()));
        self.cas.cached_while_stored(&Digest::of(&names), look)
    }

    fn path(&self, action: &Digest) -> PathBuf {
        let hex = action.hex();
        self.folder.join(&hex[..2]).join(format!("{hex}-{}", action.size()))
    }

    /// An entry with its file. `None` when it is absent or damaged.
    fn read(&self, path: &Path) -> Result<Option<(File, CachedResult)>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(CasError::io("open", path)(error)),
        };
        let mut bytes = Vec::new();
        let entry = match file.read_to_end(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => None,
            read => read.map(|_| CachedResult::decode(&bytes)).map_err(CasError::io("read", path))?,
        };
        if entry.is_none() {
            self.cas.report_damaged_file(path, "it is no result of an action");
        }
        Ok(entry.map(|entry| (file, entry)))
    }
}

#[cfg(test)]
mod tests;
