//! Files that can be lost: what can be made again, and what a policy remembers.
//!
//! A file begins with a checksum of its name and of what follows, and appears whole or not at all. A file that differs
//! by a bit, was cut off or came from elsewhere is none: what was in it is made again. The same holds for a file that
//! somebody else owns or could have written to, since compiled code is run with this user's rights.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use spec_model::DigestHasher;

use crate::private;

/// A file that nobody used for so long is of a component that is gone.
const FORGOTTEN: Duration = Duration::from_secs(60 * 24 * 3600);
/// When a use of a file is noted again.
const NOTED: Duration = Duration::from_secs(24 * 3600);
/// Writing takes milliseconds: an unfinished file this old is of a program that was killed.
const ABANDONED: Duration = Duration::from_secs(3600);
/// Bytes of one file. A large component in an interpreted language makes tens of megabytes of code.
const LARGEST: u64 = 512 << 20;
/// Bytes of a folder's files, after which those go that were not used for the longest time.
const MOST: u64 = 1 << 30;
/// How the names of unfinished files begin.
const UNFINISHED: &str = ".unfinished-";
/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The contents of a kept file, as they were written by this user.
pub(crate) struct Verified(Vec<u8>);

impl Deref for Verified {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0[CHECKSUM..]
    }
}

/// Why a file is not used.
enum Unusable {
    Io(io::Error),
    NotRegular,
    Foreign,
    Writable,
    Damaged,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotRegular => f.write_str("it is no regular file"),
            Self::Foreign => f.write_str("it belongs to another user"),
            Self::Writable => f.write_str("other users can write to it"),
            Self::Damaged => f.write_str("it is damaged"),
        }
    }
}

/// The contents of a file; `None` when it is not there, or is not what this user wrote there.
pub(crate) fn read(file: &Path) -> Option<Verified> {
    match verified(file) {
        Ok(contents) => Some(contents),
        Err(Unusable::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(why) => {
            tracing::debug!("{} is not used: {why}; its contents are made again", file.display());
            None
        }
    }
}

fn verified(path: &Path) -> Result<Verified, Unusable> {
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(Unusable::Io)?;
    let metadata = file.metadata().map_err(Unusable::Io)?;
    if !metadata.is_file() {
        return Err(Unusable::NotRegular);
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Unusable::Foreign);
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(Unusable::Writable);
    }
    if metadata.len() > LARGEST {
        return Err(Unusable::Damaged);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    (&file).take(LARGEST).read_to_end(&mut bytes).map_err(Unusable::Io)?;
    match bytes.split_first_chunk::<CHECKSUM>() {
        Some((sum, body)) if checksum(path, body) == *sum => {}
        _ => return Err(Unusable::Damaged),
    }
    note_use(&file, &metadata);
    Ok(Verified(bytes))
}

/// A file that is used stays. That it cannot be noted costs at most that the contents are made again one day.
fn note_use(file: &File, metadata: &fs::Metadata) {
    if metadata.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > NOTED)) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Writes a file and its folder, which no other user can enter, and removes what has long been forgotten from that.
///
/// # Errors
/// When the file system fails, or the folder belongs to somebody else. The old file is whole then.
pub(crate) fn write(file: &Path, body: &[u8]) -> io::Result<()> {
    let folder = private::folder(file.parent().unwrap_or(Path::new(".")))?;
    sweep(&folder);
    // A temporary file is made with access for this user alone.
    let mut to = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&folder)?;
    to.write_all(&checksum(file, body))?;
    to.write_all(body)?;
    to.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// The name is part of it, so that no file can stand for another.
fn checksum(file: &Path, body: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = DigestHasher::new();
    hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.update(b"\0");
    hasher.update(body);
    *hasher.finish().hash()
}

/// A file of a folder that is swept.
struct Entry {
    path: PathBuf,
    age: Duration,
    bytes: u64,
}

fn sweep(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<Entry> = files.filter_map(|file| entry(&file)).collect();
    entries.sort_by_key(|entry| entry.age);
    let mut bytes = 0u64;
    for entry in entries {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let longest = if name.starts_with(UNFINISHED) { ABANDONED } else { FORGOTTEN };
        bytes = bytes.saturating_add(entry.bytes);
        if entry.age > longest || bytes > MOST {
            // Another program may have removed it.
            let _ = fs::remove_file(&entry.path);
        }
    }
}

fn entry(file: &fs::DirEntry) -> Option<Entry> {
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
    Some(Entry { path: file.path(), age, bytes: metadata.len() })
}

#[cfg(test)]
mod tests;
