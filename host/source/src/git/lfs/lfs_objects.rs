//! The files of Git LFS that are on this machine, in git-lfs's folders.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use spec_model::DigestHasher;

use super::lfs_pointer::LfsPointer;

/// Makes names of temporary files differ within this process.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Files by their SHA-256, in folders of which the first is ours.
#[derive(Clone, Debug)]
pub(crate) struct LfsObjects {
    folders: Vec<PathBuf>,
}

impl LfsObjects {
    /// The files beside the copy of a repository, and beside repositories of this machine.
    pub(crate) fn new(mirror: &Path, local: impl Iterator<Item = PathBuf>) -> Self {
        let own = [mirror.join("lfs/objects")].into_iter();
        let others = local.flat_map(|path| [path.join(".git/lfs/objects"), path.join("lfs/objects")]);
        Self { folders: own.chain(others).collect() }
    }

    /// The path of a file that is here.
    pub(crate) fn find(&self, pointer: &LfsPointer) -> Option<PathBuf> {
        let paths = self.folders.iter().map(|folder| path_in(folder, pointer));
        let right = |path: &PathBuf| {
            fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() == pointer.size)
        };
        paths.into_iter().find(right)
    }

    /// A file that is to be received.
    pub(crate) fn receive(&self, pointer: &LfsPointer) -> io::Result<ReceivedLfs> {
        let path = path_in(&self.folders[0], pointer);
        let folder = path.parent().unwrap_or(&self.folders[0]);
        fs::create_dir_all(folder)?;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let part = path.with_extension(format!("{}.{count}.part", std::process::id()));
        let file = File::create(&part)?;
        Ok(ReceivedLfs { file, part, path, hasher: DigestHasher::new(), bytes: 0, size: pointer.size })
    }
}

fn path_in(folder: &Path, pointer: &LfsPointer) -> PathBuf {
    let name = &pointer.sha256;
    folder.join(&name[..2]).join(&name[2..4]).join(name)
}

/// A file that is being received. It is removed unless it is what its pointer says.
pub(crate) struct ReceivedLfs {
    file: File,
    part: PathBuf,
    path: PathBuf,
    hasher: DigestHasher,
    bytes: u64,
    size: u64,
}

impl ReceivedLfs {
    /// Takes more bytes; false if they are more than the pointer says.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.size {
            return Ok(false);
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes)?;
        Ok(true)
    }

    /// Puts the file to its place if it has the SHA-256; otherwise answers with what is wrong.
    pub(crate) fn finish(mut self, pointer: &LfsPointer) -> io::Result<Result<(), String>> {
        let actual = std::mem::replace(&mut self.hasher, DigestHasher::new()).finish().hex();
        if self.bytes != self.size {
            return Ok(Err(format!("has {} bytes instead of {}", self.bytes, self.size)));
        }
        if actual != pointer.sha256 {
            return Ok(Err(format!("has SHA-256 {actual}")));
        }
        fs::rename(&self.part, &self.path)?;
        Ok(Ok(()))
    }
}

impl Drop for ReceivedLfs {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part);
    }
}
