//! A cache of the answers of components.
//!
//! A kind is a pure function, so its answers can be cached: a project that did not change loads no component. Each
//! component has a file of answers, which only this user can write, like the compiled code beside it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use spec_model::{Digest, DigestHasher};

use crate::cache_file::{self, VerifiedContents};

/// The version of the file format. It must be raised when the types of answers or their meaning change; a test fails then.
const FORMAT: u32 = 3;
/// Bytes of answers of one component. Beyond it, answers that this process did not use are removed.
const MAX_BYTES: usize = 16 << 20;
/// What an answer is cached under: the digest of the export's name and its arguments.
pub(crate) type AnswerKey = [u8; 32];

/// The cached answers of one component.
pub(crate) struct AnswerCache {
    file: PathBuf,
    table: Mutex<AnswerTable>,
}

#[derive(Default)]
struct AnswerTable {
    /// What the file has. Its answers are not copied.
    file: Option<VerifiedContents>,
    answers: HashMap<AnswerKey, CachedAnswer>,
    changed: bool,
    /// Whether they were saved, after which there are none.
    saved: bool,
}

struct CachedAnswer {
    encoded: Encoded,
    used: bool,
}

enum Encoded {
    InFile(Range<usize>),
    New(Vec<u8>),
}

/// The key of the answer of an export to `arguments`, whose debug form must contain all their values.
pub(crate) fn answer_key(export: &str, arguments: &impl std::fmt::Debug) -> AnswerKey {
    let mut hasher = DigestWriter(DigestHasher::new());
    // Writing to a hasher cannot fail.
    let _ = write!(hasher, "{export} {arguments:?}");
    *hasher.0.finish().hash()
}

impl AnswerCache {
    /// Opens the cache of a component, by its SHA-256 in hexadecimal digits, in a private folder. A damaged file is ignored.
    pub(crate) fn open(folder: &Path, component: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let name = answer_key("component", &(FORMAT, version, component));
        let file = folder.join(Digest::new(name, 0).hex());
        let contents = cache_file::read(&file);
        let answers = contents.as_deref().and_then(decode).unwrap_or_default();
        Self { file, table: Mutex::new(AnswerTable { file: contents, answers, ..AnswerTable::default() }) }
    }

    /// The cached answer, if there is one.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &AnswerKey) -> Option<T> {
        let AnswerTable { file, answers, .. } = &mut *self.lock();
        let answer = answers.get_mut(key)?;
        answer.used = true;
        postcard::from_bytes(answer.encoded.bytes(file.as_deref())).ok()
    }

    /// Adds an answer.
    pub(crate) fn insert<T: Serialize>(&self, key: AnswerKey, answer: &T) {
        let Ok(encoded) = postcard::to_allocvec(answer) else { return };
        let mut table = self.lock();
        if table.saved {
            return;
        }
        table.answers.insert(key, CachedAnswer { encoded: Encoded::New(encoded), used: true });
        table.changed = true;
    }

    /// Writes the file if there are new answers. From then on there are none, because they take memory.
    ///
    /// # Errors
    /// When the file system fails. The old file stays complete then.
    pub(crate) fn save(&self) -> io::Result<()> {
        let saved = AnswerTable { saved: true, ..AnswerTable::default() };
        let AnswerTable { file, mut answers, changed, .. } = std::mem::replace(&mut *self.lock(), saved);
        if !changed {
            return Ok(());
        }
        let file = file.as_deref();
        if answers.values().map(|answer| answer.encoded.bytes(file).len()).sum::<usize>() > MAX_BYTES {
            answers.retain(|_, answer| answer.used);
        }
        let entries: Vec<_> = answers.iter().map(|(key, answer)| (key, answer.encoded.bytes(file))).collect();
        cache_file::write(&self.file, &postcard::to_allocvec(&entries).unwrap_or_default())
    }

    /// A panic of another thread can at most lose an answer.
    fn lock(&self) -> MutexGuard<'_, AnswerTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Encoded {
    fn bytes<'b>(&'b self, file: Option<&'b [u8]>) -> &'b [u8] {
        match self {
            Self::InFile(range) => file.and_then(|file| file.get(range.clone())).unwrap_or_default(),
            Self::New(bytes) => bytes,
        }
    }
}

/// Where the answers are in the contents of a file.
fn decode(body: &[u8]) -> Option<HashMap<AnswerKey, CachedAnswer>> {
    let entries: Vec<(AnswerKey, &[u8])> = postcard::from_bytes(body).ok()?;
    let one = |(key, encoded): (AnswerKey, &[u8])| {
        let start = encoded.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
        let range = start..start + encoded.len();
        Some((key, CachedAnswer { encoded: Encoded::InFile(range), used: false }))
    };
    entries.into_iter().map(one).collect()
}

/// Digests what is written to it.
struct DigestWriter(DigestHasher);

impl Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
