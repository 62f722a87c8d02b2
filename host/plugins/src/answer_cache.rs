//! A cache of the answers of components.
//!
//! A kind is a pure function, so its answers can be cached: a project that did not change loads no component. Each
//! component has a file of answers, which only this user can write, like the compiled code beside it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use spec_model::{Digest, DigestHasher};

use crate::cache_file::{self, VerifiedFile};

/// The version of the file format. It must be raised when the types of answers or their meaning change; a test fails then.
const FORMAT: u32 = 6;
/// Bytes of answers of one component. Beyond it, answers that this process did not use are removed.
const MAX_BYTES: u64 = 16 << 20;
/// Bytes of the length of a file's index.
const LENGTH: u64 = 8;
/// What an answer is cached under: the digest of the export's name and its arguments.
pub(crate) type AnswerKey = [u8; 32];

/// The cached answers of one component.
pub(crate) struct AnswerCache {
    file: PathBuf,
    table: Mutex<AnswerTable>,
}

#[derive(Default)]
struct AnswerTable {
    /// The file that is there. Its answers are read when they are asked for: they would take more memory than a project.
    file: Option<Arc<VerifiedFile>>,
    answers: HashMap<AnswerKey, CachedAnswer>,
    changed: bool,
    /// Whether they were saved, after which there are none.
    saved: bool,
}

struct CachedAnswer {
    encoded: Encoded,
    used: bool,
}

#[derive(Clone)]
enum Encoded {
    /// In the file, at these bytes.
    InFile(Range<u64>),
    New(Arc<[u8]>),
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
        let contents = cache_file::open(&file).map(Arc::new);
        let answers = contents.as_deref().and_then(index).unwrap_or_default();
        Self { file, table: Mutex::new(AnswerTable { file: contents, answers, ..AnswerTable::default() }) }
    }

    /// The cached answer, if there is one.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &AnswerKey) -> Option<T> {
        let (encoded, file) = self.find(key)?;
        postcard::from_bytes(&encoded.bytes(file.as_deref()).ok()?).ok()
    }

    fn find(&self, key: &AnswerKey) -> Option<(Encoded, Option<Arc<VerifiedFile>>)> {
        let AnswerTable { file, answers, .. } = &mut *self.lock();
        let answer = answers.get_mut(key)?;
        answer.used = true;
        Some((answer.encoded.clone(), file.clone()))
    }

    /// Adds an answer.
    pub(crate) fn insert<T: Serialize>(&self, key: AnswerKey, answer: &T) {
        let Ok(encoded) = postcard::to_allocvec(answer) else { return };
        let mut table = self.lock();
        if table.saved {
            return;
        }
        table.answers.insert(key, CachedAnswer { encoded: Encoded::New(encoded.into()), used: true });
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
        if answers.values().map(|answer| answer.encoded.len()).sum::<u64>() > MAX_BYTES {
            answers.retain(|_, answer| answer.used);
        }
        let sizes: Vec<(&AnswerKey, u64)> =
            answers.iter().map(|(key, answer)| (key, answer.encoded.len())).collect();
        let index = postcard::to_allocvec(&sizes).unwrap_or_default();
        let mut body = (index.len() as u64).to_le_bytes().to_vec();
        body.extend(index);
        for answer in answers.values() {
            body.extend_from_slice(&answer.encoded.bytes(file.as_deref())?);
        }
        cache_file::write(&self.file, &body)
    }

    /// A panic of another thread can at most lose an answer.
    fn lock(&self) -> MutexGuard<'_, AnswerTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Encoded {
    fn len(&self) -> u64 {
        match self {
            Self::InFile(range) => range.end - range.start,
            Self::New(bytes) => bytes.len() as u64,
        }
    }

    fn bytes(&self, file: Option<&VerifiedFile>) -> io::Result<Cow<'_, [u8]>> {
        match (self, file) {
            (Self::New(bytes), _) => Ok(Cow::from(&**bytes)),
            (Self::InFile(range), Some(file)) => file.part(range.clone()).map(Cow::from),
            (Self::InFile(_), None) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Where the answers of a file are. It begins with the length of its index, which has their keys and sizes; they follow.
fn index(file: &VerifiedFile) -> Option<HashMap<AnswerKey, CachedAnswer>> {
    let length = file.part(0..LENGTH).ok()?.try_into().ok().map(u64::from_le_bytes)?;
    let mut next = LENGTH.checked_add(length)?;
    let sizes: Vec<(AnswerKey, u64)> = postcard::from_bytes(&file.part(LENGTH..next).ok()?).ok()?;
    let one = |(key, size): (AnswerKey, u64)| {
        let start = next;
        next = start.checked_add(size)?;
        Some((key, CachedAnswer { encoded: Encoded::InFile(start..next), used: false }))
    };
    sizes.into_iter().map(one).collect()
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
