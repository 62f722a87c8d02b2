//! Receives a tree into a directory of this machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_cas::{CasError, Destination, FIXED_MTIME, Limits, TreeSize};
use spec_model::tree::{Directory, FileNode};
use spec_model::{Cancel, Digest, DigestFunction};

use crate::blob::{BlobReceiver, BlobSink, DigestingWriter};

/// The directories of a tree by their digests: the encoded message and the decoded directory.
pub(crate) type Directories = HashMap<Digest, (Vec<u8>, Directory)>;

/// Receives the files of a tree into a directory, which appears at its path when the tree is complete. Dropping it before
/// that removes everything that was written.
pub struct DirectoryReceiver {
    dest: Arc<Destination>,
    function: DigestFunction,
    limits: Limits,
    cancel: Cancel,
    targets: HashMap<Digest, Vec<FileTarget>>,
    /// Permissions of directories, by their paths in the tree, a directory after its children. They are set last: a
    /// directory may be read-only.
    modes: Vec<(PathBuf, u32)>,
}

/// The path and the metadata of one file of the tree.
#[derive(Clone)]
struct FileTarget {
    /// From the root of the tree.
    path: PathBuf,
    permissions: u32,
    modified: SystemTime,
}

impl DirectoryReceiver {
    /// Prepares to receive a tree within `limits` at `dest`, which must not exist or be an empty directory. `function` made the digests.
    ///
    /// # Errors
    /// As [`Destination::prepare`].
    pub fn prepare(
        dest: &Path,
        function: DigestFunction,
        limits: Limits,
        cancel: Cancel,
    ) -> Result<Self, CasError> {
        let dest = Arc::new(Destination::prepare(dest, false)?);
        Ok(Self { dest, function, limits, cancel, targets: HashMap::new(), modes: vec![] })
    }

    /// The digests of the tree's files, each once, the largest first.
    #[must_use]
    pub fn files(&self) -> Vec<Digest> {
        let mut files: Vec<Digest> = self.targets.keys().copied().collect();
        files.sort_unstable_by_key(|digest| std::cmp::Reverse(digest.size()));
        files
    }

    /// Creates the directories and symbolic links, and records where each file goes.
    pub(crate) fn create_directories(
        mut self,
        root: &Digest,
        directories: &Directories,
    ) -> Result<Self, CasError> {
        let load = |digest: &Digest| find(directories, digest);
        TreeSize::of(root, self.limits, load)?;
        self.create_directory(Path::new(""), root, directories)?;
        Ok(self)
    }

    fn create_directory(
        &mut self,
        path: &Path,
        digest: &Digest,
        directories: &Directories,
    ) -> Result<(), CasError> {
        let directory = find(directories, digest)?;
        if self.cancel.is_cancelled() {
            return Err(CasError::Cancelled);
        }
        if !path.as_os_str().is_empty() {
            self.dest.make_folder(path)?;
        }
        for link in &directory.symlinks {
            self.dest.make_link(&path.join(&link.name), &link.target)?;
        }
        for file in &directory.files {
            self.targets.entry(file.digest).or_default().push(FileTarget::of(path, file));
        }
        for child in &directory.directories {
            self.create_directory(&path.join(&child.name), &child.digest, directories)?;
        }
        if let Some(mode) = directory.properties.unix_mode {
            self.modes.push((path.to_owned(), mode));
        }
        Ok(())
    }

    /// Moves the complete tree to its path.
    pub(crate) fn publish(&self) -> Result<(), CasError> {
        self.dest.finish(&self.modes)
    }

    fn targets(&self, digest: &Digest) -> &[FileTarget] {
        self.targets.get(digest).map(Vec::as_slice).unwrap_or_default()
    }
}

fn find<'a>(directories: &'a Directories, digest: &Digest) -> Result<&'a Directory, CasError> {
    let missing = || CasError::Missing { digest: *digest, what: "directory".to_owned() };
    directories.get(digest).map(|(_, directory)| directory).ok_or_else(missing)
}

impl FileTarget {
    fn of(directory: &Path, file: &FileNode) -> Self {
        let usual = if file.executable { 0o777 } else { 0o666 };
        let (seconds, nanos) = file.properties.mtime.unwrap_or((FIXED_MTIME, 0));
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let since = seconds.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)));
        Self {
            path: directory.join(&file.name),
            permissions: file.properties.unix_mode.unwrap_or(usual),
            // A time that the system cannot represent is replaced.
            modified: SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    /// Creates the file; one that an interrupted attempt left is replaced.
    fn create(&self, dest: &Destination) -> Result<File, CasError> {
        dest.make_file(&self.path, self.permissions)
    }

    fn write(&self, dest: &Destination, bytes: &[u8]) -> Result<(), CasError> {
        let mut file = self.create(dest)?;
        let written = file.write_all(bytes).and_then(|()| file.set_modified(self.modified));
        written.map_err(|error| self.failed(dest, error))
    }

    fn failed(&self, dest: &Destination, error: io::Error) -> CasError {
        CasError::writing(dest.path().join(&self.path), error)
    }
}

impl BlobReceiver for DirectoryReceiver {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        CasError::check_digest(digest, self.function.of(bytes))?;
        self.targets(digest).iter().try_for_each(|target| target.write(&self.dest, bytes))
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn BlobSink>, CasError> {
        let missing = || CasError::Missing { digest: *digest, what: "a place for the blob".to_owned() };
        let (first, others) = self.targets(digest).split_first().ok_or_else(missing)?;
        let file = DigestingWriter::new(first.create(&self.dest)?, self.function);
        let (dest, digest) = (Arc::clone(&self.dest), *digest);
        Ok(Box::new(FileSink { dest, digest, file, first: first.clone(), others: others.to_vec() }))
    }
}

/// Writes a large file to its first target, and copies it to the others when it is complete.
struct FileSink {
    dest: Arc<Destination>,
    digest: Digest,
    file: DigestingWriter<File>,
    first: FileTarget,
    others: Vec<FileTarget>,
}

impl Write for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl BlobSink for FileSink {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        let Self { dest, digest, file, first, others } = *self;
        let mut file = file.finish(&digest)?;
        for other in &others {
            let mut to = other.create(&dest)?;
            let copied = file.rewind().and_then(|()| io::copy(&mut file, &mut to));
            let copied = copied.and_then(|_| to.set_modified(other.modified));
            copied.map_err(|error| other.failed(&dest, error))?;
        }
        file.set_modified(first.modified).map_err(|error| first.failed(&dest, error))
    }
}

#[cfg(test)]
mod tests;
