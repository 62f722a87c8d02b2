//! Fetches components of references.

use std::path::Path;

use spec_model::Cancel;
use spec_source::FetchMonitor;

use crate::error::{PackageError, Result};
use crate::network_options::NetworkOptions;
use crate::reference::PluginReference;
use crate::registry;
use crate::sha256::Sha256;
use crate::store::LARGEST_COMPONENT;

/// The component of a reference. Of an artifact whose contents are `expected`, the version may have moved meanwhile.
///
/// # Errors
/// When it is not there, cannot be fetched, is too large, or has another digest than the reference or `expected` says.
pub(crate) fn fetch(
    reference: &PluginReference,
    expected: Option<&Sha256>,
    project: &Path,
    options: &NetworkOptions,
) -> Result<Vec<u8>> {
    let bytes = match reference {
        PluginReference::Path(path) => {
            let file = project.join(path);
            spec_files::read(&file, LARGEST_COMPONENT)
                .map_err(|source| PackageError::Unreadable { path: file, source })?
        }
        PluginReference::Url { url, sha256 } => download(url, sha256, options)?,
        PluginReference::Oci(artifact) => registry::fetch(artifact, expected, options)?,
    };
    let actual = Sha256::of(&bytes);
    match expected.filter(|expected| **expected != actual) {
        None => Ok(bytes),
        Some(expected) => Err(PackageError::WrongDigest {
            what: reference.to_string(),
            expected: expected.hex().to_owned(),
            actual: actual.hex().to_owned(),
            hint: "spec.lock has that digest. If the change is meant, run: spec-host plugin lock --update",
        }),
    }
}

fn download(url: &str, sha256: &Sha256, options: &NetworkOptions) -> Result<Vec<u8>> {
    let folder =
        tempfile::tempdir().map_err(|error| PackageError::io("make", &std::env::temp_dir(), error))?;
    let monitor = FetchMonitor::silent(Cancel::new());
    let file =
        spec_source::download_file("plugin", url, sha256.hex(), folder.path(), &options.http, &monitor)?;
    spec_files::read(&file, LARGEST_COMPONENT).map_err(|error| PackageError::io("read", &file, error))
}
