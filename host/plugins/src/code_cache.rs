//! Compiled code on disk.
//!
//! Loading it trusts the file as much as the program itself. So it is loaded only as this user wrote it (see
//! [`kept`]), from a folder without access for other users; who can write there as this user can also replace the
//! program. What is not as it was written is compiled again.

use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use spec_model::{Digest, DigestHasher};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::kept::{self, Verified};
use crate::private;

/// The compiled code of components, for one engine.
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// Tells the compiler's version and settings.
    engine: String,
}

impl CodeCache {
    /// The cache in `directory`, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be closed to other users.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> io::Result<Self> {
        let mut settings = Settings(DigestHasher::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        Ok(Self { folder: private::folder(directory)?, engine: settings.0.finish().hex() })
    }

    /// The component whose code was kept, if there is one.
    pub(crate) fn load(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let file = self.file(component);
        let loaded = deserialize(engine, &kept::read(&file)?);
        let told = |error| tracing::debug!("{} is not used: {error:#}", file.display());
        loaded.map_err(told).ok()
    }

    /// Keeps the code of a component. What cannot be written is compiled again.
    pub(crate) fn keep(&self, component: &[u8], compiled: &Component) {
        let file = self.file(component);
        let written = compiled.serialize().and_then(|code| Ok(kept::write(&file, &code)?));
        if let Err(error) = written {
            tracing::debug!("compiled code cannot be kept in {}: {error:#}", file.display());
        }
    }

    fn file(&self, component: &[u8]) -> PathBuf {
        let name = Digest::of(format!("{} {}", self.engine, Digest::of(component).hex()).as_bytes());
        self.folder.join(name.hex())
    }
}

#[allow(unsafe_code, reason = "loading machine code cannot be checked by the compiler")]
fn deserialize(engine: &Engine, code: &Verified) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what `Component::serialize` gave, unchanged. Only `keep` writes files under these
    // names. `Verified` says that this file has the checksum that was written with it, over its name and all bytes,
    // and that it and its folder belong to this user and are closed to writes of others. The bytes are a copy in this
    // process: nothing can change them after the check. The engine itself refuses code of other versions and settings.
    unsafe { Component::deserialize(engine, &**code) }
}

/// Digests what an engine's settings hash to.
struct Settings(DigestHasher);

impl Hasher for Settings {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for the short hash.
    fn finish(&self) -> u64 {
        0
    }
}
