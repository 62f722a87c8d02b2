//! The memories of policies, which last from one session to the next.

use std::io;
use std::path::{Path, PathBuf};

use spec_model::Digest;

use crate::cache_file;

/// The file with the memory of a policy about a project. Each component has its own, and so has each version of it.
#[derive(Debug)]
pub struct PolicyMemory {
    file: PathBuf,
}

impl PolicyMemory {
    pub(super) fn new(cache_dir: &Path, component: &[u8], project: &str) -> Self {
        let name = Digest::of(format!("{} {project}", Digest::of(component).hex()).as_bytes());
        Self { file: cache_dir.join("memory").join(name.hex()) }
    }

    /// What the policy stored last; empty when there is nothing.
    pub(super) fn load(&self) -> Vec<u8> {
        cache_file::read(&self.file).map(|memory| memory.to_vec()).unwrap_or_default()
    }

    /// Stores what the policy shall remember.
    ///
    /// # Errors
    /// When the file system fails. The earlier memory stays then.
    pub fn store(&self, memory: &[u8]) -> io::Result<()> {
        cache_file::write(&self.file, memory)
    }
}

#[cfg(test)]
mod tests;
