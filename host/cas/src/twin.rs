//! Executable twins. Links share one inode and so one mode, so an executable needs an inode of its own.

use std::fs::File;
use std::io;

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::store::Cas;
use crate::temp::TempFile;

impl Cas {
    /// Makes `exec/xx/HASH` for a stored blob.
    pub(crate) fn make_twin(&self, digest: &Digest) -> Result<()> {
        let mut source = self.open_blob(digest)?;
        let temp = TempFile::create(&self.shared.exec, BlobName::of(digest).path(), &self.shared.temp)?;
        clone_or_copy(&mut source, temp.file()).map_err(CasError::io("copy", self.blob_path(digest)))?;
        temp.publish(&self.shared.exec, BlobName::of(digest).path(), 0o755, &self.shared.temp)
    }
}

/// Fills an empty file: shares the blocks where the file system can, copies in the kernel otherwise.
pub(crate) fn clone_or_copy(source: &mut File, mut to: &File) -> io::Result<()> {
    if rustix::fs::ioctl_ficlone(to, &*source).is_ok() {
        return Ok(());
    }
    io::copy(source, &mut to).map(drop)
}
