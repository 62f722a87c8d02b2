//! The components that were fetched: files under their SHA-256, in the cache or in a folder of a project.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::{PackageError, Result};
use crate::sha256::Sha256;

/// Bytes of the largest component, as for the engine.
pub const LARGEST_COMPONENT: u64 = 64 << 20;

/// The folder in which a project keeps copies of its components.
const VENDOR_FOLDER: &str = "vendor/spec-plugins";

/// A folder of components under their SHA-256.
#[derive(Clone, Debug)]
pub struct ComponentStore {
    folder: PathBuf,
    /// Whether other users may read it.
    is_shared: bool,
}

impl ComponentStore {
    /// The one in the cache, for this user only. It may be deleted at any time.
    #[must_use]
    pub fn in_cache(folder: PathBuf) -> Self {
        Self { folder, is_shared: false }
    }

    /// The one of a project, for vendored components.
    #[must_use]
    pub fn of_project(project: &Path) -> Self {
        Self { folder: project.join(VENDOR_FOLDER), is_shared: true }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a component, if it is here and has the right contents.
    ///
    /// # Errors
    /// When a file of that name has other contents, or cannot be read.
    pub fn find(&self, sha256: &Sha256) -> Result<Option<PathBuf>> {
        let file = self.file(sha256);
        let bytes = match spec_files::read(&file, LARGEST_COMPONENT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PackageError::io("read", &file, error)),
        };
        let actual = Sha256::of(&bytes);
        if actual == *sha256 {
            return Ok(Some(file));
        }
        let (what, hint) = (file.display().to_string(), "delete the file");
        Err(PackageError::WrongDigest {
            what,
            expected: sha256.hex().to_owned(),
            actual: actual.hex().to_owned(),
            hint,
        })
    }

    /// Adds a component, and returns its file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, component: &[u8]) -> Result<PathBuf> {
        let file = self.file(&Sha256::of(component));
        let write = || {
            let mode = if self.is_shared { 0o777 } else { 0o700 };
            DirBuilder::new().recursive(true).mode(mode).create(&self.folder)?;
            let mut builder = tempfile::Builder::new();
            if self.is_shared {
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
            }
            let mut new = builder.prefix(".component").tempfile_in(&self.folder)?;
            new.write_all(component)?;
            new.persist(&file)?;
            Ok(())
        };
        write().map_err(|error| PackageError::io("write", &file, error))?;
        Ok(file)
    }

    fn file(&self, sha256: &Sha256) -> PathBuf {
        self.folder.join(format!("{sha256}.wasm"))
    }
}
