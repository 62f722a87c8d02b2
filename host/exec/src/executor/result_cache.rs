//! The action cache, with results as we know them.

use spec_cas::{ActionCache, Cas, CasError};
use spec_model::{ActionResult, Digest};

use super::ActionError;
use crate::wire;

/// Results of actions, each answered only while all that it speaks of is in the store.
#[derive(Clone, Debug)]
pub struct ResultCache {
    cas: Cas,
    actions: ActionCache,
}

impl ResultCache {
    /// The cache of a store.
    #[must_use]
    pub fn new(cas: &Cas) -> Self {
        Self { cas: cas.clone(), actions: cas.action_cache() }
    }

    /// The result of an action, if there is one and everything it speaks of is here. Counts as a use.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn get(&self, action: &Digest) -> Result<Option<ActionResult>, ActionError> {
        let Some(bytes) = self.actions.get(action)? else { return Ok(None) };
        // What an older version wrote and this one cannot read is a miss.
        Ok(wire::action_result_from_bytes(&bytes).ok())
    }

    /// Keeps the result of an action, in the place of an earlier one.
    ///
    /// # Errors
    /// [`ActionError::Missing`] when something that it speaks of is not here, [`ActionError::Invalid`] when a
    /// directory among its outputs is no tree, [`ActionError::Exhausted`] when the disk is full.
    pub fn put(&self, action: &Digest, result: &ActionResult) -> Result<(), ActionError> {
        let needs = self.needs(result)?;
        match self.actions.put(action, &needs, &wire::action_result_to_bytes(result)) {
            Err(CasError::Missing { .. }) => Err(ActionError::Missing { digests: self.cas.missing(&needs)? }),
            other => Ok(other?),
        }
    }

    /// All blobs that a result speaks of, sorted, each once.
    fn needs(&self, result: &ActionResult) -> Result<Vec<Digest>, CasError> {
        let mut needs: Vec<Digest> = result.blobs().collect();
        for directory in &result.directories {
            if let Some(tree) = &directory.tree {
                needs.extend(self.cas.files_of_tree_message(tree)?);
            }
            if let Some(root) = &directory.root {
                needs.extend(self.cas.blobs_below(root)?);
            }
        }
        needs.sort_unstable();
        needs.dedup();
        Ok(needs)
    }
}
