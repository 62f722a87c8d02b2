//! Files of the plugin cache: compiled code, answers, and the memory of policies. All of them may be lost.
//!
//! A file begins with a checksum of its name and its contents, and is replaced atomically. A file that is damaged,
//! truncated or renamed is ignored, and its contents are made again. So is a file that another user owns or could have
//! written to, because compiled code runs with this user's rights.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::{Deref, Range};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use spec_model::DigestHasher;

use crate::private_folder;

/// Files that were not used for this long are removed.
const MAX_UNUSED: Duration = Duration::from_secs(60 * 24 * 3600);
/// How often the use of a file is recorded, as its modification time.
const USE_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// Temporary files this old are removed: writing takes milliseconds, so a killed process left them.
const MAX_TEMPORARY_AGE: Duration = Duration::from_secs(3600);
/// Bytes of one file. A large component in an interpreted language has tens of megabytes of compiled code.
const MAX_FILE: u64 = 512 << 20;
/// Bytes of all files of a folder. Beyond it, the least recently used files are removed.
const MAX_FOLDER: u64 = 1 << 30;
/// The prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".unfinished-";
/// Bytes that are read at a time of a file of which only parts are wanted.
const PIECE: usize = 64 << 10;
/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The contents of a file, which this user wrote and whose checksum is right.
pub(crate) struct VerifiedContents(Vec<u8>);

impl Deref for VerifiedContents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0[CHECKSUM..]
    }
}

/// A file which this user wrote, and whose checksum was right when it was opened. A new version is another file.
pub(crate) struct VerifiedFile(File);

impl VerifiedFile {
    /// A part of the contents.
    ///
    /// # Errors
    /// When the file system fails, or the file is shorter.
    pub(crate) fn part(&self, part: Range<u64>) -> io::Result<Vec<u8>> {
        let too_long = |_| io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut bytes = vec![0; usize::try_from(part.end.saturating_sub(part.start)).map_err(too_long)?];
        self.0.read_exact_at(&mut bytes, CHECKSUM as u64 + part.start)?;
        Ok(bytes)
    }
}

/// Why a file is ignored.
enum UnusableFile {
    Io(io::Error),
    NotRegular,
    OtherOwner,
    WritableByOthers,
    Damaged,
}

impl fmt::Display for UnusableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::OtherOwner => f.write_str("it belongs to another user"),
            Self::WritableByOthers => f.write_str("other users can write to it"),
            Self::Damaged => f.write_str("it is damaged"),
        }
    }
}

/// The contents of a file; `None` when it does not exist or is ignored.
pub(crate) fn read(file: &Path) -> Option<VerifiedContents> {
    usable(file, verified(file))
}

/// As [`read`], for a file of which only parts are wanted.
pub(crate) fn open(file: &Path) -> Option<VerifiedFile> {
    usable(file, verified_file(file))
}

fn usable<T>(file: &Path, found: Result<T, UnusableFile>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(UnusableFile::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(why) => {
            tracing::debug!("{} is ignored: {why}; its contents will be made again", file.display());
            None
        }
    }
}

/// A file that only this user can have written, and its size.
fn of_this_user(path: &Path) -> Result<(File, u64), UnusableFile> {
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(UnusableFile::Io)?;
    let metadata = file.metadata().map_err(UnusableFile::Io)?;
    if !metadata.is_file() {
        return Err(UnusableFile::NotRegular);
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(UnusableFile::OtherOwner);
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(UnusableFile::WritableByOthers);
    }
    if metadata.len() > MAX_FILE {
        return Err(UnusableFile::Damaged);
    }
    record_use(&file, &metadata);
    Ok((file, metadata.len()))
}

fn verified(path: &Path) -> Result<VerifiedContents, UnusableFile> {
    let (file, size) = of_this_user(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    (&file).take(MAX_FILE).read_to_end(&mut bytes).map_err(UnusableFile::Io)?;
    match bytes.split_first_chunk::<CHECKSUM>() {
        Some((sum, body)) if checksum(path, body) == *sum => Ok(VerifiedContents(bytes)),
        _ => Err(UnusableFile::Damaged),
    }
}

fn verified_file(path: &Path) -> Result<VerifiedFile, UnusableFile> {
    let (file, _) = of_this_user(path)?;
    let (mut sum, mut found) = ([0; CHECKSUM], checksum_of_name(path));
    let mut body = (&file).take(MAX_FILE);
    body.read_exact(&mut sum).map_err(|_| UnusableFile::Damaged)?;
    let mut piece = vec![0; PIECE];
    loop {
        match body.read(&mut piece).map_err(UnusableFile::Io)? {
            0 => break,
            count => found.update(&piece[..count]),
        }
    }
    match *found.finish().hash() == sum {
        true => Ok(VerifiedFile(file)),
        false => Err(UnusableFile::Damaged),
    }
}

/// Records that a file was used, so that it is not removed. Failing to do so can at most cost the file.
fn record_use(file: &File, metadata: &fs::Metadata) {
    if metadata.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > USE_INTERVAL)) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Writes a file, creates its folder with access for this user only, and removes old files of the folder.
///
/// # Errors
/// When the file system fails, or the folder belongs to another user. The old file stays complete then.
pub(crate) fn write(file: &Path, body: &[u8]) -> io::Result<()> {
    let folder = private_folder::create(file.parent().unwrap_or(Path::new(".")))?;
    remove_old_files(&folder);
    // Temporary files are created with access for this user only.
    let mut to = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(&folder)?;
    to.write_all(&checksum(file, body))?;
    to.write_all(body)?;
    to.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// The checksum of a file's name and contents. The name is included so that a renamed file is not valid.
fn checksum(file: &Path, body: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = checksum_of_name(file);
    hasher.update(body);
    *hasher.finish().hash()
}

fn checksum_of_name(file: &Path) -> DigestHasher {
    let mut hasher = DigestHasher::new();
    hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.update(b"\0");
    hasher
}

/// A file of a folder.
struct FolderEntry {
    path: PathBuf,
    age: Duration,
    bytes: u64,
}

fn remove_old_files(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<FolderEntry> = files.filter_map(|file| entry(&file)).collect();
    entries.sort_by_key(|entry| entry.age);
    let mut bytes = 0u64;
    for entry in entries {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let max_age = if name.starts_with(TEMPORARY_PREFIX) { MAX_TEMPORARY_AGE } else { MAX_UNUSED };
        bytes = bytes.saturating_add(entry.bytes);
        if entry.age > max_age || bytes > MAX_FOLDER {
            // Another process may have removed it already.
            let _ = fs::remove_file(&entry.path);
        }
    }
}

fn entry(file: &fs::DirEntry) -> Option<FolderEntry> {
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
    Some(FolderEntry { path: file.path(), age, bytes: metadata.len() })
}

#[cfg(test)]
mod tests;
