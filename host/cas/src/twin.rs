//! Executable twins. Links share one inode and so one mode, so an executable needs an inode of its own.

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::sparse::clone_or_copy;
use crate::store::Cas;
use crate::temp::TempFile;

impl Cas {
    /// Makes `exec/xx/HASH` for a stored blob.
    pub(crate) fn make_twin(&self, digest: &Digest) -> Result<()> {
        let source = self.open_blob(digest)?;
        let temp = TempFile::create(&self.shared.exec, BlobName::of(digest).path(), &self.shared.temp)?;
        clone_or_copy(&source, temp.file(), &self.cancel)
            .map_err(CasError::io("copy", self.blob_path(digest)))?;
        temp.publish(&self.shared.exec, BlobName::of(digest).path(), 0o755, &self.shared.temp)
    }
}
