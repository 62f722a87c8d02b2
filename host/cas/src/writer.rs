//! Stores streams and files.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;
use spec_model::{Digest, DigestHasher};

use crate::attributes::set_mode_and_time;
use crate::direct_writer::{DirectWriter, LARGE};
use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::sparse;
use crate::store::Cas;
use crate::unpublished_blob::{UnpublishedBlob, with_prefix_folder};

/// Streams up to this many bytes stay in memory until they end, so that a blob that the store has already is not
/// written again.
const MAX_IN_MEMORY: usize = 256 << 10;

/// Whether [`Cas::put_file`] moves or copies a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// The caller gives the file away: it becomes the blob where that is possible, and is gone afterwards. Nobody may
    /// have it open for writing.
    Move,
    /// The file stays as it is.
    Copy,
}

/// A blob being written. Nothing is visible before [`finish`](Self::finish); dropping it stores nothing.
pub struct BlobWriter {
    cas: Cas,
    written: u64,
    start: Vec<u8>,
    spilled: Option<SpilledBlob>,
    large: bool,
}

/// A blob that became too large for memory.
struct SpilledBlob {
    temp: UnpublishedBlob,
    hasher: DigestHasher,
    direct: Option<Box<DirectWriter>>,
}

impl Cas {
    /// Starts writing a blob of unknown digest.
    #[must_use]
    pub fn writer(&self) -> BlobWriter {
        BlobWriter { cas: self.clone(), written: 0, start: Vec::new(), spilled: None, large: false }
    }

    /// As [`writer`](Self::writer), for a blob whose size is known: large blobs are written past the page cache.
    #[must_use]
    pub fn writer_with_size(&self, size: u64) -> BlobWriter {
        BlobWriter { large: size >= LARGE, ..self.writer() }
    }

    /// Stores a regular file of the host and answers with its digest. Symbolic links are followed.
    ///
    /// # Errors
    /// When the file cannot be read, or the disk is full or fails.
    pub fn put_file(&self, path: &Path, take: ImportMode) -> Result<Digest> {
        let file = File::open(path).map_err(CasError::io("open", path))?;
        self.put_open_file(&HostFile { folder: CWD, name: path, display_path: path }, file, take)
    }

    /// As [`put_file`](Self::put_file), for a file that is open already.
    pub(crate) fn put_open_file(&self, at: &HostFile<'_>, file: File, take: ImportMode) -> Result<Digest> {
        let meta = file.metadata().map_err(CasError::io("look up", at.display_path))?;
        if take == ImportMode::Copy || meta.nlink() > 1 || has_attributes(&file) {
            let digest = self.import_by_copy(at, file, meta.len())?;
            if take == ImportMode::Move {
                at.remove()?;
            }
            return Ok(digest);
        }
        let digest = self.digest_of(&file);
        let digest = digest.map_err(CasError::io("read", at.display_path))?;
        self.import_by_move(at, &file, digest)?;
        Ok(digest)
    }

    fn import_by_copy(&self, at: &HostFile<'_>, mut file: File, size: u64) -> Result<Digest> {
        if size <= MAX_IN_MEMORY as u64 {
            let mut bytes = Vec::with_capacity(size as usize + 1);
            file.read_to_end(&mut bytes).map_err(CasError::io("read", at.display_path))?;
            return self.put_bytes(&bytes);
        }
        let temp = self.unpublished_blob(&Digest::of(b""))?;
        let digest = match rustix::fs::ioctl_ficlone(temp.file(), &file) {
            Ok(()) => self.digest_of(temp.file()),
            Err(_) => sparse::copy_and_digest(self.function(), &file, temp.file(), &self.options.cancel),
        };
        let digest = digest.map_err(|error| match CasError::io("store", at.display_path)(error) {
            // The full disk is that of the store, not of the file.
            CasError::DiskFull { .. } => CasError::DiskFull { path: self.root().to_owned() },
            error => error,
        })?;
        self.publish(temp, &digest)?;
        Ok(digest)
    }

    fn import_by_move(&self, at: &HostFile<'_>, file: &File, digest: Digest) -> Result<()> {
        if self.is_stored(&digest)? {
            return at.remove();
        }
        let settled = take_ownership(file).is_ok() && set_mode_and_time(file, 0o644).is_ok();
        let (objects, name) = (&self.shared.objects, BlobName::of(&digest));
        let rename = || rustix::fs::renameat(at.folder, at.name, objects, name.path());
        let renamed =
            if settled { with_prefix_folder(objects, name.path(), rename) } else { Err(Errno::PERM) };
        match renamed {
            Err(Errno::XDEV | Errno::PERM) => {
                let again = file.try_clone().map_err(CasError::io("open", at.display_path))?;
                (&again).rewind().map_err(CasError::io("read", at.display_path))?;
                self.import_by_copy(at, again, digest.size())?;
                at.remove()
            }
            other => {
                other.map_err(CasError::io("move into the store", at.display_path))?;
                self.note_new_blob(&digest);
                Ok(())
            }
        }
    }
}

/// The location of a file of the host: a name in a folder.
pub(crate) struct HostFile<'a> {
    pub(crate) folder: BorrowedFd<'a>,
    pub(crate) name: &'a Path,
    /// For messages.
    pub(crate) display_path: &'a Path,
}

impl HostFile<'_> {
    fn remove(&self) -> Result<()> {
        let removed = rustix::fs::unlinkat(self.folder, self.name, AtFlags::empty());
        removed.map_err(CasError::io("remove", self.display_path))
    }
}

/// Changes the owner of the file to the user of this process, as all blobs have it.
fn take_ownership(file: &File) -> io::Result<()> {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let meta = file.metadata()?;
    if (meta.uid(), meta.gid()) != (user.as_raw(), group.as_raw()) {
        rustix::fs::fchown(file, Some(user), Some(group))?;
    }
    Ok(())
}

/// Extended attributes (capabilities, labels, overlay xattrs) must not come along into the store.
fn has_attributes(file: &File) -> bool {
    let mut none: [u8; 0] = [];
    matches!(rustix::fs::flistxattr(file, &mut none), Ok(1..))
}

impl BlobWriter {
    /// Stores what was written and answers with its digest.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish(self) -> Result<Digest> {
        self.finish_as(None)
    }

    /// Stores what was written if it has this digest.
    ///
    /// # Errors
    /// `cas-wrong-digest` when it has not; when the disk is full or fails.
    pub fn finish_expecting(self, expected: &Digest) -> Result<()> {
        self.finish_as(Some(expected)).map(drop)
    }

    fn finish_as(mut self, expected: Option<&Digest>) -> Result<Digest> {
        let found = match &mut self.spilled {
            Some(spilled) => spilled.end().map_err(CasError::io("write to", self.cas.root()))?,
            None => self.cas.digest(&self.start),
        };
        expected.map_or(Ok(()), |expected| CasError::check_digest(expected, found))?;
        match self.spilled {
            Some(SpilledBlob { temp, .. }) => self.cas.publish(temp, &found)?,
            None => self.cas.put_known(&found, &self.start)?,
        }
        Ok(found)
    }

    /// The number of bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    fn spill(&mut self) -> io::Result<&mut SpilledBlob> {
        if self.spilled.is_none() {
            let temp = self.cas.unpublished_blob(&Digest::of(b"")).map_err(io::Error::other)?;
            let direct = self.large.then(|| Box::new(DirectWriter::new(temp.file())));
            let mut spilled = SpilledBlob { temp, hasher: self.cas.function().hasher(), direct };
            spilled.write(&self.start, &self.cas)?;
            self.start = Vec::new();
            self.spilled = Some(spilled);
        }
        self.spilled.as_mut().ok_or_else(|| io::Error::other("the file was just made"))
    }
}

impl SpilledBlob {
    fn write(&mut self, bytes: &[u8], cas: &Cas) -> io::Result<()> {
        let Self { temp, hasher, direct } = self;
        match direct {
            Some(direct) => {
                let workers = cas.workers().map_err(io::Error::other)?;
                direct.write(bytes, temp.file(), hasher, workers)
            }
            None => {
                hasher.update(bytes);
                temp.file().write_all(bytes)
            }
        }
    }

    /// Writes the rest and returns the digest of the whole blob.
    fn end(&mut self) -> io::Result<Digest> {
        if let Some(direct) = self.direct.take() {
            direct.finish(self.temp.file(), &mut self.hasher)?;
        }
        Ok(self.hasher.clone().finish())
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.spilled.is_none() && self.start.len() + bytes.len() <= MAX_IN_MEMORY {
            self.start.extend_from_slice(bytes);
            self.written += bytes.len() as u64;
            return Ok(bytes.len());
        }
        let cas = self.cas.clone();
        self.spill()?.write(bytes, &cas)?;
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlobWriter({} bytes so far)", self.written())
    }
}
