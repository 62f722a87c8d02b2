//! Reading blobs, and finding damaged ones.

use std::fs::File;
use std::io::Read;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout::{self, BlobName, is_whole_blob};
use crate::sparse;
use crate::store::Cas;
use crate::usage::note_use_of_blob;

impl Cas {
    /// The contents of a blob, checked against its digest. A damaged one is moved to quarantine.
    ///
    /// # Errors
    /// `cas-missing`, `cas-corrupt`, or when the file system fails.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>> {
        // Opening checks the size first, because a digest from outside may state any size.
        let mut file = self.open_blob(digest)?;
        let mut bytes = Vec::with_capacity(usize::try_from(digest.size()).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(CasError::io("read", self.blob_path(digest)))?;
        self.check(digest, self.digest(&bytes))?;
        Ok(bytes)
    }

    /// A blob as an open file, for streaming. Its size is checked, its contents are not.
    ///
    /// # Errors
    /// `cas-missing`, or when the file system fails.
    pub fn open_blob(&self, digest: &Digest) -> Result<File> {
        match self.open_stored(digest) {
            Err(CasError::Missing { .. }) if self.options.source.is_some() => {
                self.bring_one(digest)?;
                self.open_stored(digest)
            }
            other => other,
        }
    }

    fn open_stored(&self, digest: &Digest) -> Result<File> {
        let name = BlobName::of(digest);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.shared.objects, name.path(), flags, Mode::empty());
        let missing = || CasError::Missing { digest: *digest, what: "blob".to_owned() };
        let file: File = match opened {
            Ok(fd) => fd.into(),
            Err(Errno::NOENT) => return Err(missing()),
            Err(error) => return Err(CasError::io("open", self.blob_path(digest))(error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(CasError::io("look up", self.blob_path(digest)))?;
        if !is_whole_blob(&stat, digest.size()) {
            return Err(missing());
        }
        note_use_of_blob(&file, &stat);
        Ok(file)
    }

    /// Reads a blob and checks it against its digest. A damaged one is moved to quarantine.
    ///
    /// # Errors
    /// `cas-missing`, `cas-corrupt`, or when the file system fails.
    pub fn verify(&self, digest: &Digest) -> Result<()> {
        let failed = || CasError::io("read", self.blob_path(digest));
        let found = self.digest_of(&self.open_blob(digest)?).map_err(failed())?;
        self.check(digest, found)?;
        match File::open(self.shared.root.join(layout::EXEC).join(BlobName::of(digest).text())) {
            Ok(copy) => self.check(digest, self.digest_of(&copy).map_err(failed())?),
            Err(_) => Ok(()),
        }
    }

    /// The digest of all of a file.
    pub(crate) fn digest_of(&self, file: &File) -> std::io::Result<Digest> {
        sparse::digest(self.function(), file, &self.options.cancel)
    }

    fn check(&self, digest: &Digest, found: Digest) -> Result<()> {
        if found == *digest {
            return Ok(());
        }
        self.quarantine(digest)?;
        Err(CasError::Corrupt { digest: *digest, what: "blob".to_owned(), found })
    }
}
