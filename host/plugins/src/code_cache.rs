//! A cache of compiled code.
//!
//! Loading compiled code trusts the file as much as the program itself. So a file is loaded only if this user wrote it and
//! its checksum is right (see [`cache_file`]), from a folder without access for other users; a process of this user that
//! can write there could also replace the program. All other files are ignored, and the component is compiled again.

use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use spec_model::{Digest, DigestHasher};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache_file::{self, VerifiedContents};
use crate::private_folder;

/// The compiled code of components, for one engine.
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// A digest of the compiler's version and settings.
    engine: String,
}

impl CodeCache {
    /// The cache in `directory`, which is created if it is missing.
    ///
    /// # Errors
    /// When access of other users cannot be removed.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> io::Result<Self> {
        let mut settings = SettingsHasher(DigestHasher::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        Ok(Self { folder: private_folder::create(directory)?, engine: settings.0.finish().hex() })
    }

    /// Loads the cached code of a component, if there is any.
    pub(crate) fn load(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let file = self.file(component);
        let loaded = deserialize(engine, &cache_file::read(&file)?);
        let log = |error| tracing::debug!("{} is ignored: {error:#}", file.display());
        loaded.map_err(log).ok()
    }

    /// Adds the code of a component. If it cannot be written, the component will be compiled again.
    pub(crate) fn store(&self, component: &[u8], compiled: &Component) {
        let file = self.file(component);
        let written = compiled.serialize().and_then(|code| Ok(cache_file::write(&file, &code)?));
        if let Err(error) = written {
            tracing::debug!("compiled code cannot be cached in {}: {error:#}", file.display());
        }
    }

    fn file(&self, component: &[u8]) -> PathBuf {
        let name = Digest::of(format!("{} {}", self.engine, Digest::of(component).hex()).as_bytes());
        self.folder.join(name.hex())
    }
}

#[allow(unsafe_code, reason = "loading machine code cannot be checked by the compiler")]
fn deserialize(engine: &Engine, code: &VerifiedContents) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what `Component::serialize` gave, unchanged. Only `store` writes files under these
    // names. `VerifiedContents` says that this file has the checksum that was written with it, over its name and all bytes,
    // and that it and its folder belong to this user and are closed to writes of others. The bytes are a copy in this
    // process: nothing can change them after the check. The engine itself refuses code of other versions and settings.
    unsafe { Component::deserialize(engine, &**code) }
}

/// Digests the hash of an engine's settings.
struct SettingsHasher(DigestHasher);

impl Hasher for SettingsHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not used: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}
