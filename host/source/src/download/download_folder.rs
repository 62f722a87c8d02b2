//! The folder of one URL's downloads, laid out as BuildStream's: files under their SHA-256, with `.etag` beside them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::text_ref::is_sha256;

/// The downloads of one URL.
#[derive(Debug)]
pub(crate) struct DownloadFolder {
    directory: PathBuf,
}

/// The number of simultaneous downloads of one URL, in all processes.
const MAX_PARTS: u32 = 32;
/// Bytes of the longest ETag; servers send dozens.
const LARGEST_ETAG: u64 = 64 << 10;

impl DownloadFolder {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path of the file with this SHA-256, whether it exists or not; `None` for a text that is not a SHA-256.
    pub(crate) fn file(&self, sha256: &str) -> Option<PathBuf> {
        is_sha256(sha256).then(|| self.directory.join(sha256))
    }

    /// The ETag that a server gave with that file.
    pub(crate) fn etag(&self, sha256: &str) -> Option<String> {
        spec_files::read_text(&self.directory.join(format!("{sha256}.etag")), LARGEST_ETAG).ok()
    }

    /// Begins a download.
    pub(crate) fn part(&self) -> io::Result<PartialDownload> {
        fs::create_dir_all(&self.directory)?;
        for number in 0..MAX_PARTS {
            if let Some(part) =
                PartialDownload::claim(self.directory.join(format!("download-{number}.part")))?
            {
                return Ok(part);
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "too many downloads of it at a time"))
    }

    /// Renames a finished download to its SHA-256. An existing file is replaced, because it may be damaged.
    pub(crate) fn publish(&self, part: PartialDownload, sha256: &str, etag: Option<&str>) -> io::Result<()> {
        fs::rename(&part.path, self.directory.join(sha256))?;
        part.published();
        let Some(etag) = etag else {
            return Ok(());
        };
        let mut text = self.part()?;
        text.file.write_all(etag.as_bytes())?;
        fs::rename(&text.path, self.directory.join(format!("{sha256}.etag")))?;
        text.published();
        Ok(())
    }
}

impl DownloadFolder {
    /// Renames a finished download to a name of its own in the folder.
    pub(crate) fn publish_as(&self, part: PartialDownload, name: &str) -> io::Result<()> {
        fs::rename(&part.path, self.directory.join(name))?;
        part.published();
        Ok(())
    }
}

/// An unfinished download. It is locked while a process writes to it; one that a killed process left is taken over.
#[derive(Debug)]
pub(crate) struct PartialDownload {
    pub(crate) file: File,
    path: PathBuf,
    published: bool,
}

impl PartialDownload {
    /// Locks and empties the part at `path`; `None` if another process has it.
    fn claim(path: PathBuf) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, its owner may have finished and moved it. In a folder where others may write
        // it may be a link, whose target must not be emptied.
        let own = file.metadata()?;
        let still_there = fs::symlink_metadata(&path)
            .is_ok_and(|there| there.is_file() && there.nlink() == 1 && own.ino() == there.ino());
        if !still_there {
            return Ok(None);
        }
        file.set_len(0)?;
        Ok(Some(Self { file, path, published: false }))
    }

    fn published(mut self) {
        self.published = true;
    }
}

impl Drop for PartialDownload {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
