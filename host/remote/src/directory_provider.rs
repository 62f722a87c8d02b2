//! Sends a directory of this machine without a copy of it in the store.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use spec_cas::{CasError, DigestedFolder, Limits, StatCache};
use spec_model::{Cancel, Digest, DigestFunction};

use crate::blob::{BlobContents, BlobProvider};

/// A directory whose files were digested, as a [`BlobProvider`]. The files must not change before they are sent: a server
/// rejects contents that do not have the announced digest.
#[derive(Debug)]
pub struct DirectoryProvider {
    root: Digest,
    directories: HashMap<Digest, Vec<u8>>,
    files: HashMap<Digest, PathBuf>,
}

impl DirectoryProvider {
    /// Reads and digests all files of a directory, with all processors.
    ///
    /// # Errors
    /// As [`spec_cas::Cas::import_dir`].
    pub fn read(
        path: &Path,
        function: DigestFunction,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<Self, CasError> {
        Ok(Self::of_digested(DigestedFolder::of(path, function, limits, cancel)?))
    }

    /// As [`read`](Self::read), but files that did not change since `cache` was written are not read.
    ///
    /// # Errors
    /// As [`DigestedFolder::of_cached`].
    pub fn read_again(
        path: &Path,
        cache: &mut StatCache,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<Self, CasError> {
        Ok(Self::of_digested(DigestedFolder::of_cached(path, cache, limits, cancel)?))
    }

    fn of_digested(folder: DigestedFolder) -> Self {
        let DigestedFolder { root, directories, files } = folder;
        Self { root, directories: directories.into_iter().collect(), files: files.into_iter().collect() }
    }

    /// The digest of the directory's tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// All blobs of the tree, each once.
    #[must_use]
    pub fn blobs(&self) -> Vec<Digest> {
        self.directories.keys().chain(self.files.keys()).copied().collect()
    }
}

impl BlobProvider for DirectoryProvider {
    fn open(&self, digest: &Digest) -> Result<BlobContents, CasError> {
        if let Some(bytes) = self.directories.get(digest) {
            return Ok(BlobContents::Bytes(bytes.clone()));
        }
        let missing = || CasError::Missing { digest: *digest, what: "a blob of the directory".to_owned() };
        let path = self.files.get(digest).ok_or_else(missing)?;
        File::open(path).map(BlobContents::File).map_err(|error| CasError::writing(path, error))
    }
}
