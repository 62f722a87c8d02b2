//! The folder of one URL's downloads, laid out as BuildStream's: files under their SHA-256, with `.etag` beside them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The downloads of one URL.
#[derive(Debug)]
pub(crate) struct Mirror {
    directory: PathBuf,
}

/// Downloads of one URL at a time, by any number of processes.
const MAX_PARTS: u32 = 32;
/// Bytes of an ETag; servers send dozens.
const LARGEST_ETAG: u64 = 64 << 10;

impl Mirror {
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
    pub(crate) fn part(&self) -> io::Result<Part> {
        fs::create_dir_all(&self.directory)?;
        for number in 0..MAX_PARTS {
            if let Some(part) = Part::claim(self.directory.join(format!("download-{number}.part")))? {
                return Ok(part);
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "too many downloads of it at a time"))
    }

    /// Makes a finished download the file with this SHA-256. A file of that name is replaced: it may be damaged.
    pub(crate) fn publish(&self, part: Part, sha256: &str, etag: Option<&str>) -> io::Result<()> {
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
pub(crate) struct Part {
    pub(crate) file: File,
    path: PathBuf,
    published: bool,
}

impl Part {
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

impl Drop for Part {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn names(mirror: &Mirror) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(mirror.directory())? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    #[test]
    fn files_appear_whole_or_not_at_all() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path().join("url"));
        let mut part = mirror.part()?;
        part.file.write_all(b"hello")?;
        assert_eq!(names(&mirror)?, ["download-0.part"]);
        mirror.publish(part, SHA, Some("\"tag\""))?;
        assert_eq!(names(&mirror)?, [SHA.to_owned(), format!("{SHA}.etag")]);
        assert_eq!(mirror.etag(SHA).as_deref(), Some("\"tag\""));
        drop(mirror.part()?);
        assert_eq!(names(&mirror)?.len(), 2);
        Ok(())
    }

    #[test]
    fn parts_have_one_owner() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path().to_path_buf());
        fs::write(folder.path().join("download-0.part"), "left by a killed process")?;
        let first = mirror.part()?;
        let second = mirror.part()?;
        assert_ne!(first.path, second.path);
        assert_eq!(first.file.metadata()?.len(), 0);
        Ok(())
    }

    #[test]
    fn what_a_link_leads_to_is_not_emptied() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path().join("url"));
        let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
        fs::create_dir(mirror.directory())?;
        for path in [&mine, &other] {
            fs::write(path, "precious")?;
        }
        std::os::unix::fs::symlink(&mine, mirror.directory().join("download-0.part"))?;
        fs::hard_link(&other, mirror.directory().join("download-1.part"))?;
        drop(mirror.part()?);
        assert_eq!((fs::read(mine)?, fs::read(other)?), (b"precious".to_vec(), b"precious".to_vec()));
        Ok(())
    }

    #[test]
    fn a_ref_cannot_climb() {
        let mirror = Mirror::new("/mirror".into());
        assert!(mirror.file("../../etc/passwd").is_none());
        assert!(mirror.file(SHA).is_some());
        assert!(mirror.file(&SHA.to_uppercase()).is_none());
    }
}
