//! Results of actions, kept under the action's digest.
//!
//! An entry is a file `actions/xx/HASH-SIZE`: the digests of all blobs that the result speaks of, the encoded result,
//! and a checksum. An entry is only answered while all those blobs are here. Its time of change tells when it was
//! last used.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout;
use crate::store::Cas;
use crate::usage::note_open;

mod entry;

use entry::Entry;

/// With more blobs than this an entry that was whole counts as whole until something is removed from the store.
pub(crate) const WORTH_REMEMBERING: usize = 64;

/// The cached results of a store. Shared by threads and processes like the store itself.
#[derive(Clone, Debug)]
pub struct ActionCache {
    cas: Cas,
    folder: PathBuf,
}

/// An entry of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedAction {
    /// Of the encoded action.
    pub action: Digest,
    /// When it was last used, at most ten minutes too early.
    pub used: SystemTime,
}

impl Cas {
    /// The cached results of actions.
    #[must_use]
    pub fn action_cache(&self) -> ActionCache {
        ActionCache { cas: self.clone(), folder: self.shared.root.join(layout::ACTIONS) }
    }
}

impl ActionCache {
    /// The encoded result of an action, if there is one and every blob it speaks of is here. Counts as a use.
    ///
    /// # Errors
    /// When the file system fails. A damaged entry is none.
    pub fn get(&self, action: &Digest) -> Result<Option<Vec<u8>>> {
        let path = self.path(action);
        let Some((file, entry)) = read(&path)? else { return Ok(None) };
        if !self.is_whole(&entry)? {
            return Ok(None);
        }
        note_open(&file);
        Ok(Some(entry.result))
    }

    /// Keeps the encoded result of an action, in the place of an earlier one. `needs` are all blobs it speaks of.
    ///
    /// # Errors
    /// `cas-missing` when one of them is not here, `cas-disk-full`, or when the file system fails.
    pub fn put(&self, action: &Digest, needs: &[Digest], result: &[u8]) -> Result<()> {
        if let Some(digest) = self.cas.missing(needs)?.first() {
            let what = "an output of an action".to_owned();
            return Err(CasError::Missing { digest: *digest, what });
        }
        let fresh = self.cas.shared.temp.fresh()?;
        let bytes = Entry { needs: needs.to_vec(), result: result.to_vec() }.encode();
        fs::write(&fresh, bytes).map_err(CasError::io("write", &fresh))?;
        let path = self.path(action);
        let rename = || fs::rename(&fresh, &path);
        let done = match rename() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(&self.folder);
                fs::create_dir_all(folder).and_then(|()| rename())
            }
            other => other,
        };
        done.map_err(CasError::io("write", &path)).inspect_err(|_| _ = fs::remove_file(&fresh))
    }

    /// The blobs that an action's result speaks of, here or not; `None` without a result.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn needs(&self, action: &Digest) -> Result<Option<Vec<Digest>>> {
        self.needs_at(&self.path(action))
    }

    pub(crate) fn needs_at(&self, path: &Path) -> Result<Option<Vec<Digest>>> {
        Ok(read(path)?.map(|(_, entry)| entry.needs))
    }

    /// The folders that entries are in.
    pub(crate) fn folders(&self) -> Result<Vec<PathBuf>> {
        paths_in(&self.folder)
    }

    /// All entries, in no order.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn list(&self) -> Result<Vec<CachedAction>> {
        let mut found = Vec::new();
        for folder in self.folders()? {
            for path in paths_in(&folder)? {
                let name = path.file_name().map(|name| name.to_string_lossy().replacen('-', "/", 1));
                let Some(Ok(action)) = name.map(|name| name.parse()) else { continue };
                match fs::metadata(&path).and_then(|meta| meta.modified()) {
                    Ok(used) => found.push(CachedAction { action, used }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(CasError::io("look up", &path)(error)),
                }
            }
        }
        Ok(found)
    }

    /// Forgets the result of an action; `false` when there was none. The blobs stay.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn remove(&self, action: &Digest) -> Result<bool> {
        let path = self.path(action);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(CasError::io("remove", &path)(error)),
        }
    }

    fn is_whole(&self, entry: &Entry) -> Result<bool> {
        let look = || Ok(self.cas.missing(&entry.needs)?.is_empty());
        if entry.needs.len() <= WORTH_REMEMBERING {
            return look();
        }
        let mut names: Vec<u8> = Vec::with_capacity(entry.needs.len() * 32);
        entry.needs.iter().for_each(|digest| names.extend_from_slice(digest.hash()));
        self.cas.until_removal(&Digest::of(&names), look)
    }

    fn path(&self, action: &Digest) -> PathBuf {
        let hex = action.hex();
        self.folder.join(&hex[..2]).join(format!("{hex}-{}", action.size()))
    }
}

fn read(path: &Path) -> Result<Option<(File, Entry)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CasError::io("open", path)(error)),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(CasError::io("read", path))?;
    Ok(Entry::decode(&bytes).map(|entry| (file, entry)))
}

fn paths_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CasError::io("list", folder)(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<std::io::Result<_>>().map_err(CasError::io("list", folder))
}

#[cfg(test)]
mod tests;
