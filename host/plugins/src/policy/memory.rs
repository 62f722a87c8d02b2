//! What a priming policy remembers between sessions.

use std::io;
use std::path::{Path, PathBuf};

use spec_model::Digest;

use crate::kept;

/// The place of what a policy remembers of a project: another component, or another version of the same, remembers
/// nothing of it.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
}

impl Memory {
    pub(super) fn new(cache_dir: &Path, component: &[u8], project: &str) -> Self {
        let name = Digest::of(format!("{} {project}", Digest::of(component).hex()).as_bytes());
        Self { file: cache_dir.join("memory").join(name.hex()) }
    }

    /// What the policy remembered last; empty when that is nothing, or lost.
    pub(super) fn recall(&self) -> Vec<u8> {
        kept::read(&self.file).map(|memory| memory.to_vec()).unwrap_or_default()
    }

    /// Keeps what the policy remembers now.
    ///
    /// # Errors
    /// When the file system fails. What was remembered before is kept then.
    pub fn keep(&self, memory: &[u8]) -> io::Result<()> {
        kept::write(&self.file, memory)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_kept_is_recalled_for_the_same_component_and_project() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let memory = |component, project| Memory::new(folder.path(), component, project);
        memory(b"one", "app").keep(b"words")?;
        assert_eq!(memory(b"one", "app").recall(), b"words");
        assert_eq!(memory(b"two", "app").recall(), b"");
        assert_eq!(memory(b"one", "other").recall(), b"");
        Ok(())
    }

    #[test]
    fn damaged_memory_is_empty() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let memory = Memory::new(folder.path(), b"one", "app");
        memory.keep(b"words")?;
        let sound = fs::read(&memory.file)?;
        for damaged in [&sound[..10], &sound[..sound.len() - 1], &[&sound[..], b"!"].concat()] {
            fs::write(&memory.file, damaged)?;
            assert_eq!(memory.recall(), b"");
        }
        Ok(())
    }
}
