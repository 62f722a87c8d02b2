//! Imports archives: reads the bytes in one pass and makes a tree in the store.
//!
//! One thread reads and hashes the whole file, the caller's thread parses the entries, and two more threads hash and
//! store the files. Which directory is staged is known only after the last entry, so all contents are stored first
//! and the entries are unpacked in memory afterwards.

mod base_dir;
mod deb;
mod decompress;
mod error;
mod extract;
mod image_layers;
mod limits;
mod member;
mod read_members;
mod sparse;
mod store_contents;
mod vfs;
mod zip;
mod zip_directory;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use spec_cas::{Cas, CasError, TreeBuilder};
use spec_model::Digest;

use crate::hashing_reader::HashingReader;
use base_dir::SelectedMember;
use vfs::{Inode, InodeId, Vfs};

pub(crate) use base_dir::ArchivePart;
pub use error::ArchiveError;
pub(crate) use image_layers::{LayerEntries, build_layers, read_layer};
pub use limits::ArchiveLimits;
pub(crate) use store_contents::cannot_write;
pub(crate) use zip::import_zip;

/// Why an archive is not imported.
#[derive(Debug)]
pub(crate) enum ImportError {
    Archive(ArchiveError),
    Cas(CasError),
}

impl From<ArchiveError> for ImportError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

impl From<CasError> for ImportError {
    fn from(error: CasError) -> Self {
        Self::Cas(error)
    }
}

/// Stores a part of a tar and answers with the root of its tree.
pub(crate) fn import(
    input: &mut HashingReader,
    cas: &Cas,
    part: ArchivePart<'_>,
    limits: ArchiveLimits,
) -> Result<Digest, ImportError> {
    let taken = input.taken();
    import_tar(input, taken, cas, part, limits)
}

/// As [`import`], of the `data.tar` in a package of Debian.
pub(crate) fn import_deb(
    input: &mut HashingReader,
    cas: &Cas,
    part: ArchivePart<'_>,
    limits: ArchiveLimits,
) -> Result<Digest, ImportError> {
    let taken = input.taken();
    let data = deb::data_tar(input)?;
    import_tar(data, taken, cas, part, limits)
}

/// `taken` counts the bytes of the file that were used.
fn import_tar(
    input: impl Read,
    taken: Arc<AtomicU64>,
    cas: &Cas,
    part: ArchivePart<'_>,
    limits: ArchiveLimits,
) -> Result<Digest, ImportError> {
    let (members, contents) = store_contents::store_contents(cas, |storer| {
        read_members::read_members(input, taken, limits, storer)
    })?;
    let members = base_dir::select(members?, part, limits.entries)?;
    build(&members, &contents, cas, limits)
}

/// The tree that selected entries unpack to.
fn build(
    members: &[SelectedMember],
    contents: &[Digest],
    cas: &Cas,
    limits: ArchiveLimits,
) -> Result<Digest, ImportError> {
    let vfs = extract::extract(members, limits.entries)?;
    let mut builder = TreeBuilder::new();
    add(&vfs, Vfs::ROOT, &mut String::new(), contents, &mut builder)?;
    Ok(builder.store(cas)?)
}

fn add(
    vfs: &Vfs,
    id: InodeId,
    path: &mut String,
    contents: &[Digest],
    builder: &mut TreeBuilder,
) -> Result<(), CasError> {
    match vfs.get(id) {
        Inode::File { content, executable } => builder.add_file(path, contents[content.0], *executable),
        Inode::Symlink { target } => builder.add_symlink(path, target),
        Inode::Directory { entries, .. } => {
            if entries.is_empty() && !path.is_empty() {
                return builder.add_directory(path);
            }
            let length = path.len();
            for (name, child) in entries {
                if length > 0 {
                    path.push('/');
                }
                path.push_str(name);
                add(vfs, *child, path, contents, builder)?;
                path.truncate(length);
            }
            Ok(())
        }
    }
}

/// Names count from the root of the archive, with or without a `./` before them.
fn relative(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

fn damaged(error: io::Error) -> ArchiveError {
    ArchiveError::Damaged { error }
}
