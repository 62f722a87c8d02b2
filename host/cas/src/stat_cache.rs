//! The digests of files of the host, so that a file that did not change is not read again.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::Stat;
use spec_model::{Digest, DigestFunction};
use tempfile::NamedTempFile;

/// Changes within one tick of a file system's clock look the same: a file counts as unchanged only if it had been left
/// alone for this long when it was read.
const MIN_AGE: Duration = Duration::from_secs(2);
/// The number of folders whose caches are kept: the most recently sent ones.
const FOLDERS: usize = 64;
/// The number of files of one folder that are kept when they were not seen again.
const MAX_FILES: usize = 1 << 16;
/// The beginning of every file; another format needs another text.
const MAGIC: &[u8; 16] = b"spec-host seen 1";
const RECORD_LEN: usize = 7 * 8 + 32;

/// What the kernel changes whenever a file is replaced or written: no program can set the change time back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileIdentity([u64; 7]);

impl FileIdentity {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self([
            stat.st_dev,
            stat.st_ino,
            stat.st_size as u64,
            stat.st_mtime as u64,
            stat.st_mtime_nsec,
            stat.st_ctime as u64,
            stat.st_ctime_nsec,
        ])
    }

    /// When the file was last written, as trees keep it.
    pub(crate) fn mtime(&self) -> (i64, i32) {
        let nanos = i32::try_from(self.0[4]).unwrap_or(0);
        (self.0[3] as i64, nanos - nanos % 1000)
    }

    fn size(&self) -> u64 {
        self.0[2]
    }

    fn changed(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0[5])
    }
}

/// The digests of the files of one folder, by the identity that each had when it was read.
#[derive(Debug)]
pub struct StatCache {
    file: PathBuf,
    function: DigestFunction,
    known: HashMap<FileIdentity, KnownFile>,
    /// Whether there is something that the file does not have.
    is_changed: bool,
}

/// A file that was read. Its size is in its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KnownFile {
    hash: [u8; 32],
    /// Whether it was there since the cache was opened.
    is_seen: bool,
}

impl StatCache {
    /// The cache for `folder` among the files in `store`; empty when its file is not there, or damaged.
    #[must_use]
    pub fn open(store: &Path, folder: &Path, function: DigestFunction) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let name = Digest::of(folder.as_os_str().as_encoded_bytes()).hex();
        let file = store.join(format!("{function}-{name}"));
        let known = fs::read(&file).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default();
        Self { file, function, known, is_changed: false }
    }

    pub(crate) fn function(&self) -> DigestFunction {
        self.function
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn get(&self, identity: &FileIdentity) -> Option<Digest> {
        self.known.get(identity).map(|known| Digest::new(known.hash, identity.size()))
    }

    /// Stores the digests of these files instead of the earlier ones, except for files that may have been written just before
    /// `now`.
    pub(crate) fn replace(&mut self, found: impl Iterator<Item = (FileIdentity, Digest)>, now: SystemTime) {
        self.known.values_mut().for_each(|known| known.is_seen = false);
        self.note(found, now);
        let before = self.known.len();
        self.known.retain(|_, known| known.is_seen);
        self.is_changed |= self.known.len() < before;
        self.save();
    }

    /// Takes the digests of files that are there, except for those that may have been written just before `now`.
    fn note(&mut self, found: impl Iterator<Item = (FileIdentity, Digest)>, now: SystemTime) {
        let before = now.checked_sub(MIN_AGE).unwrap_or(SystemTime::UNIX_EPOCH);
        for (identity, digest) in found.filter(|(identity, _)| identity.changed() < before) {
            let seen = KnownFile { hash: *digest.hash(), is_seen: true };
            let known = self.known.insert(identity, seen);
            self.is_changed |= known.is_none_or(|known| known.hash != seen.hash);
        }
    }

    /// Stores the digests for the next time. Beyond a number, only those of files that were seen are kept: the others may be in other
    /// parts of the folder, or be gone.
    fn save(&mut self) {
        if !self.is_changed {
            return;
        }
        if self.known.len() > MAX_FILES {
            self.known.retain(|_, known| known.is_seen);
        }
        // When it cannot be written, everything is read again the next time.
        let _ = self.write();
        self.is_changed = false;
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(store) = self.file.parent() else { return Ok(()) };
        fs::create_dir_all(store)?;
        remove_oldest(store, &self.file)?;
        let mut bytes = MAGIC.to_vec();
        for (identity, known) in &self.known {
            identity.0.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            bytes.extend(known.hash);
        }
        let sum = Digest::of(&bytes);
        bytes.extend(sum.hash());
        let mut file = NamedTempFile::new_in(store)?;
        file.write_all(&bytes)?;
        file.persist(&self.file).map(drop).map_err(|error| error.error)
    }
}

/// The digests of files in several parts of one folder, which threads may use at once.
#[derive(Debug)]
pub struct SharedStatCache(Mutex<StatCache>);

impl SharedStatCache {
    /// As [`StatCache::open`].
    #[must_use]
    pub fn open(store: &Path, folder: &Path, function: DigestFunction) -> Self {
        Self(Mutex::new(StatCache::open(store, folder, function)))
    }

    pub(crate) fn get(&self, identity: &FileIdentity) -> Option<Digest> {
        self.cache().get(identity)
    }

    /// Takes the digests of files that were looked for since `now`.
    pub(crate) fn note(&self, found: impl Iterator<Item = (FileIdentity, Digest)>, now: SystemTime) {
        self.cache().note(found, now);
    }

    /// Stores the digests that were found for the next time.
    pub fn save(&self) {
        self.cache().save();
    }

    fn cache(&self) -> MutexGuard<'_, StatCache> {
        // A panic of another thread leaves whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the oldest caches, so that there is room for the file `own`. Other processes may do the same at once.
fn remove_oldest(store: &Path, own: &Path) -> std::io::Result<()> {
    let mut others = vec![];
    for file in fs::read_dir(store)?.flatten().map(|entry| entry.path()).filter(|file| file != own) {
        if let Ok(written) = fs::metadata(&file).and_then(|meta| meta.modified()) {
            others.push((written, file));
        }
    }
    others.sort_unstable();
    for (_, file) in others.iter().take((others.len() + 1).saturating_sub(FOLDERS)) {
        let _ = fs::remove_file(file);
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> Option<HashMap<FileIdentity, KnownFile>> {
    let (bytes, sum) = bytes.split_last_chunk::<32>()?;
    let records =
        bytes.strip_prefix(MAGIC).filter(|_| Digest::of(bytes).hash() == sum)?.chunks_exact(RECORD_LEN);
    let whole = records.remainder().is_empty();
    let record = |record: &[u8]| {
        let (numbers, hash) = record.split_last_chunk::<32>()?;
        let mut words = numbers.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
        let identity = FileIdentity(std::array::from_fn(|_| words.next().unwrap_or_default()));
        Some((identity, KnownFile { hash: *hash, is_seen: false }))
    };
    records.map(record).collect::<Option<_>>().filter(|_| whole)
}

#[cfg(test)]
mod tests;
