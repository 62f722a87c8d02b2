//! Public functions for the fuzz targets of archives and URLs. Compiled for them alone.

use spec_cas::{Cas, CasError};
use spec_model::{Cancel, Digest};

use crate::archive::{self, ArchiveError, ArchiveLimits, ArchivePart, ImportError};
use crate::hashing_reader::HashingReader;
use crate::monitor::FetchMonitor;
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
    match archive::import(&mut reader, cas, ArchivePart::BaseDir(base_dir), limits) {
        Ok(digest) => Ok(Some(digest)),
        Err(ImportError::Archive(error)) => Err(error),
        Err(ImportError::Cas(CasError::BadPath { .. })) => Ok(None),
        Err(ImportError::Cas(error)) => panic!("the store does not take what the archive holds: {error}"),
    }
}

/// A URL with its alias replaced by `base`, the folder of its downloads, and whether it can be fetched.
#[must_use]
pub fn locate(url: &str, alias: &str, base: &str) -> Option<(String, String, bool)> {
    let known = |name: &str| Ok((name == alias).then(|| Alias { url: base.to_owned(), mirrors: Vec::new() }));
    let url = AliasedUrl::new(url, known).ok()?;
    let fetchable = UrlTarget::of(&url.resolved).is_ok();
    Some((url.resolved.clone(), url.directory_name(), fetchable))
}
