//! Shares equal texts.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// So many threads can look at the same time if their texts differ.
const PARTS: usize = 16;

/// Texts, each once. The files of a project have the same names over and over, and its elements expand texts to the same values.
#[derive(Debug, Default)]
pub(crate) struct TextPool {
    /// The texts, by their lengths and last bytes.
    parts: [Mutex<HashSet<Arc<str>>>; PARTS],
}

impl TextPool {
    /// The shared text that is equal to `text`.
    pub(crate) fn shared(&self, text: &str) -> Arc<str> {
        let last = text.as_bytes().last().copied().unwrap_or_default();
        let part = (text.len() ^ usize::from(last)) % PARTS;
        // A panic of another thread leaves whole texts.
        let mut part = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = part.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        part.insert(Arc::clone(&new));
        new
    }
}
