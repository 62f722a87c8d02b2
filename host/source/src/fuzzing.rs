//! Public functions for the fuzz targets of what sources read of others. Compiled for them alone.

use std::fs::File;

use spec_cas::{Cas, CasError};
use spec_model::{Cancel, Digest};

use crate::archive::{self, ArchiveError, ArchiveLimits, ArchivePart, ImportError};
pub use crate::cargo::fuzzing::crates;
pub use crate::cpan_index::fuzzing::module_file;
pub use crate::docker::fuzzing::{challenge, layers};
pub use crate::git::fuzzing::{go_modules, lines, submodules};
use crate::hashing_reader::HashingReader;
use crate::monitor::FetchMonitor;
use crate::patch_error::PatchError;
pub use crate::patches::fuzzing::apply;
pub use crate::pip::fuzzing::archive_of;
pub use crate::pypi_index::fuzzing::newest;
use crate::url::{Alias, AliasedUrl, UrlTarget};

/// Imports an archive that is in memory; `None` when a path in it is longer than the store takes. The store is expected
/// to work.
///
/// # Errors
/// What is wrong with the archive.
pub fn import(
    archive: Vec<u8>,
    cas: &Cas,
    base_dir: &str,
    limits: ArchiveLimits,
) -> Result<Option<Digest>, ArchiveError> {
    let mut reader =
        HashingReader::new(std::io::Cursor::new(archive), None, &FetchMonitor::silent(Cancel::new()));
    outcome(archive::import(&mut reader, cas, ArchivePart::BaseDir(base_dir), limits))
}

fn outcome(imported: Result<Digest, ImportError>) -> Result<Option<Digest>, ArchiveError> {
    match imported {
        Ok(digest) => Ok(Some(digest)),
        Err(ImportError::Archive(error)) => Err(error),
        Err(ImportError::Cas(CasError::BadPath { .. })) => Ok(None),
        Err(ImportError::Cas(error)) => panic!("the store does not take what the archive holds: {error}"),
    }
}

/// As [`import`], of a zip archive in a file.
///
/// # Errors
/// What is wrong with the archive.
pub fn import_zip(
    archive: File,
    cas: &Cas,
    base_dir: &str,
    limits: ArchiveLimits,
) -> Result<Option<Digest>, ArchiveError> {
    outcome(archive::import_zip(archive, cas, ArchivePart::BaseDir(base_dir), limits))
}

/// The trees of layers of an image, the lowest first, each a tar in memory.
///
/// # Errors
/// What is wrong with a layer.
pub fn import_layers(
    layers: Vec<Vec<u8>>,
    cas: &Cas,
    limits: ArchiveLimits,
) -> Result<Vec<Digest>, ArchiveError> {
    let mut entries = Vec::new();
    for layer in layers {
        let input = std::io::Cursor::new(layer);
        let mut reader = HashingReader::new(input, None, &FetchMonitor::silent(Cancel::new()));
        match archive::read_layer(&mut reader, cas, limits) {
            Ok(read) => entries.push(read),
            Err(ImportError::Archive(error)) => return Err(error),
            Err(ImportError::Cas(error)) => panic!("the store does not take what the layer holds: {error}"),
        }
    }
    match archive::build_layers(entries, cas, limits) {
        Ok(trees) => Ok(trees),
        Err(ImportError::Archive(error)) => Err(error),
        Err(ImportError::Cas(CasError::BadPath { .. })) => Ok(Vec::new()),
        Err(ImportError::Cas(error)) => panic!("the store does not take what the layers hold: {error}"),
    }
}

/// Whether an error of a patch is one of the store for a path that is too long.
#[must_use]
pub fn is_long_path(error: &PatchError) -> bool {
    matches!(error, PatchError::Cas(error) if matches!(**error, CasError::BadPath { .. }))
}

/// A URL with its alias replaced by `base`, the folder of its downloads, and whether it can be fetched.
#[must_use]
pub fn locate(url: &str, alias: &str, base: &str) -> Option<(String, String, bool)> {
    let known = |name: &str| Ok((name == alias).then(|| Alias { url: base.to_owned(), mirrors: Vec::new() }));
    let url = AliasedUrl::new(url, known).ok()?;
    let fetchable = UrlTarget::of(&url.resolved).is_ok();
    Some((url.resolved.clone(), url.directory_name(), fetchable))
}
