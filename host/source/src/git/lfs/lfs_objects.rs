//! The files of Git LFS that are on this machine, in git-lfs's folders.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use spec_model::DigestHasher;
use tempfile::NamedTempFile;

use super::lfs_pointer::LfsPointer;

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
        let mut part = tempfile::Builder::new();
        // As with all downloads, the user's umask says who else may read it.
        let part = part.suffix(".part").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
        Ok(ReceivedLfs { part, path, hasher: DigestHasher::new(), bytes: 0, size: pointer.size })
    }
}

fn path_in(folder: &Path, pointer: &LfsPointer) -> PathBuf {
    let name = &pointer.sha256;
    folder.join(&name[..2]).join(&name[2..4]).join(name)
}

/// A file that is being received. It is removed unless it is what its pointer says.
pub(crate) struct ReceivedLfs {
    part: NamedTempFile,
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
        self.part.write_all(bytes)?;
        Ok(true)
    }

    /// Puts the file to its place if it has the SHA-256; otherwise answers with what is wrong.
    pub(crate) fn finish(self, pointer: &LfsPointer) -> io::Result<Result<(), String>> {
        let actual = self.hasher.finish().hex();
        if self.bytes != self.size {
            return Ok(Err(format!("has {} bytes instead of {}", self.bytes, self.size)));
        }
        if actual != pointer.sha256 {
            return Ok(Err(format!("has SHA-256 {actual}")));
        }
        self.part.persist(&self.path)?;
        Ok(Ok(()))
    }
}
