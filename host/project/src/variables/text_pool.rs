//! Shares equal texts.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

/// Texts, each once. The elements of a project expand the same texts to the same values over and over.
#[derive(Debug, Default)]
pub(crate) struct TextPool(RefCell<HashSet<Arc<str>>>);

impl TextPool {
    /// The shared text that is equal to `text`.
    pub(crate) fn shared(&self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.borrow().get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.borrow_mut().insert(Arc::clone(&new));
        new
    }
}
