//! What a component answered before.
//!
//! A kind is a pure function, so its answers can be kept: a project that did not change needs no component at all. They
//! are in a file for each component, which only this user can change, as is the compiled code beside it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use spec_model::{Digest, DigestHasher};

use crate::kept;

/// Raised when the types of answers change, or what is made of a component's words. A test shows when.
const FORMAT: u32 = 1;
/// Bytes of answers after which those go that this program was not asked for.
const MOST: usize = 16 << 20;
/// A question in short: the digest of the export's name and its arguments.
pub(crate) type Question = [u8; 32];

/// The answers of one component.
pub(crate) struct Answers {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<Question, Answer>,
    changed: bool,
}

struct Answer {
    encoded: Vec<u8>,
    asked: bool,
}

/// The question that the export gets with `arguments`, whose debug form tells all of them.
pub(crate) fn question(export: &str, arguments: &impl std::fmt::Debug) -> Question {
    let mut hasher = Digesting(DigestHasher::new());
    // Digesting cannot fail.
    let _ = write!(hasher, "{export} {arguments:?}");
    *hasher.0.finish().hash()
}

impl Answers {
    /// The answers of a component that are kept in a private folder. A file that is damaged counts as none.
    pub(crate) fn open(folder: &Path, component: &[u8]) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let name = question("component", &(FORMAT, version, Digest::of(component).hex()));
        let file = folder.join(Digest::new(name, 0).hex());
        let known = kept::read(&file).and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Self { file, state: Mutex::new(State { known, changed: false }) }
    }

    /// The answer that was kept, if there is one.
    pub(crate) fn recall<T: DeserializeOwned>(&self, question: &Question) -> Option<T> {
        let mut state = self.lock();
        let answer = state.known.get_mut(question)?;
        answer.asked = true;
        postcard::from_bytes(&answer.encoded).ok()
    }

    /// Keeps an answer.
    pub(crate) fn keep<T: Serialize>(&self, question: Question, answer: &T) {
        let Ok(encoded) = postcard::to_allocvec(answer) else { return };
        let mut state = self.lock();
        state.known.insert(question, Answer { encoded, asked: true });
        state.changed = true;
    }

    /// Writes what is new.
    ///
    /// # Errors
    /// When the file system fails. The old file is whole then.
    pub(crate) fn save(&self) -> io::Result<()> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.changed) {
            return Ok(());
        }
        if state.known.values().map(|answer| answer.encoded.len()).sum::<usize>() > MOST {
            state.known.retain(|_, answer| answer.asked);
        }
        kept::write(&self.file, &encode(&state.known))
    }

    /// A panic elsewhere leaves at most an answer out.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Questions with answers.
fn encode(known: &HashMap<Question, Answer>) -> Vec<u8> {
    let entries: Vec<_> = known.iter().map(|(question, answer)| (question, &answer.encoded)).collect();
    postcard::to_allocvec(&entries).unwrap_or_default()
}

fn decode(body: &[u8]) -> Option<HashMap<Question, Answer>> {
    let entries: Vec<(Question, Vec<u8>)> = postcard::from_bytes(body).ok()?;
    Some(entries.into_iter().map(|(name, encoded)| (name, Answer { encoded, asked: false })).collect())
}

struct Digesting(DigestHasher);

impl Write for Digesting {
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
