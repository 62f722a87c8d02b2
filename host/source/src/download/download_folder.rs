//! The folder of one URL's downloads, laid out as BuildStream's: files under their SHA-256, with `.etag` beside them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The downloads of one URL.
#[derive(Debug)]
pub(crate) struct DownloadFolder {
    directory: PathBuf,
}

/// Downloads of one URL at a time, by any number of processes.
const MAX_PARTS: u32 = 32;
/// Bytes of an ETag; servers send dozens.
const LARGEST_ETAG: u64 = 64 << 10;

impl DownloadFolder {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the file with this SHA-256 is or would be; none for a text that is no SHA-256.
    pub(crate) fn file(&self, sha256: &str) -> Option<PathBuf> {
        let valid = sha256.len() == 64 && sha256.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| self.directory.join(sha256))
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

    /// Makes a finished download the file with this SHA-256. A file of that name is replaced: it may be damaged.
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

/// An unfinished download. Its lock tells that somebody works on it; one that a killed process left is taken over.
#[derive(Debug)]
pub(crate) struct PartialDownload {
    pub(crate) file: File,
    path: PathBuf,
    published: bool,
}

impl PartialDownload {
    /// The empty part at `path`, or none if it belongs to somebody.
    fn claim(path: PathBuf) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, its owner may have finished and moved it away. Where others may write to the folder
        // it may be a link, and what that leads to is not emptied.
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
