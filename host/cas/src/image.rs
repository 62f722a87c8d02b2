//! Trees as images of an EROFS file system, for overlayfs: names, modes, sizes and times of a tree, no contents.
//!
//! A file in an image refers to its blob in the store's folder of blobs, which is a data-only layer of the overlay
//! (`trusted.overlay.metacopy` and `trusted.overlay.redirect`, see the kernel's `overlayfs.rst`). So making one costs
//! about a microsecond and 200 bytes for each entry, and every path has an inode, a mode and a link count of its own.
//!
//! Two passes: [`plan`] gives every entry its place, for a directory's entries contain the places of the inodes that
//! they name; [`write`] writes them in this order. The format is the kernel's `fs/erofs/erofs_fs.h`; blocks have 4096
//! bytes.

mod format;
mod plan;
mod write;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use spec_model::Digest;

use crate::error::Result;
use crate::store::Cas;

pub(crate) use format::FileOwner;

/// Writes the image of a tree.
///
/// # Errors
/// As [`Cas::directory`], or when `to` cannot be written.
pub(crate) fn write_image(cas: &Cas, root: &Digest, owner: FileOwner, to: &mut dyn Write) -> Result<()> {
    let plan = plan::ImagePlan::new(cas, root)?;
    write::ImageWriter::new(&plan, owner, to).image()
}

/// Whether the file contains a whole image: the superblock says how long it is.
pub(crate) fn is_whole(path: &Path) -> bool {
    let mut record = [0; format::SUPERBLOCK_LEN];
    let read = File::open(path).and_then(|file| {
        file.read_exact_at(&mut record, format::SUPERBLOCK)?;
        file.metadata()
    });
    read.is_ok_and(|meta| format::length(&record) == Some(meta.len()))
}

#[cfg(test)]
mod tests;
