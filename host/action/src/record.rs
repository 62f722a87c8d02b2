//! The record of what a build asked for through its socket, as a blob of the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use spec_cas::{Cas, CasError, Need};
use spec_model::{ActionResult, Digest, Subaction};
use spec_proto::spec::v1::BuildRecord;
use spec_proto::{Message, reapi};

use crate::{ActionReadError, wire};

/// Bytes of the largest message that is looked into for what it needs.
const LARGEST: u64 = 256 << 20;

/// Stores a record; answers with its digest, or with `None` when there is nothing in it.
///
/// # Errors
/// When the store fails.
pub fn store(cas: &Cas, record: &[Subaction]) -> Result<Option<Digest>, CasError> {
    if record.is_empty() {
        return Ok(None);
    }
    Ok(Some(cas.put_bytes(&wire::build_record_to_proto(record).encode_to_vec())?))
}

/// Loads a record.
///
/// # Errors
/// `cas-missing` when it is not in the store, `subactions-damaged` when it is no record.
pub fn load(cas: &Cas, digest: &Digest) -> Result<Vec<Subaction>, ActionReadError> {
    let bad = |why: String| ActionReadError::BadRecord { digest: *digest, why };
    let message = BuildRecord::decode(&*cas.get(digest)?).map_err(|error| bad(error.to_string()))?;
    wire::build_record(message).map_err(bad)
}

/// What describes actions of a store, for a look at many records: an action is in one of every build that asked for it,
/// and is read once. About 150 bytes are remembered of each.
#[derive(Debug)]
pub struct ActionNeeds<'a> {
    cas: &'a Cas,
    /// The command and the input root of an action; none of what is no action.
    known: Mutex<HashMap<Digest, Option<(Digest, Digest)>>>,
}

impl<'a> ActionNeeds<'a> {
    /// Those of a store.
    #[must_use]
    pub fn new(cas: &'a Cas) -> Self {
        Self { cas, known: Mutex::default() }
    }

    /// The store.
    #[must_use]
    pub fn cas(&self) -> &'a Cas {
        self.cas
    }

    /// An action itself, its command, the directories of its input root. Asking counts as no use.
    pub fn of(&self, action: &Digest) -> impl Iterator<Item = Need> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = *known.entry(*action).or_insert_with(|| parts(self.cas, action));
        let parts = parts.map(|(command, root)| [Need::Blob(command), Need::Directories(root)]);
        parts.into_iter().flatten().chain([Need::Blob(*action)])
    }
}

fn parts(cas: &Cas, action: &Digest) -> Option<(Digest, Digest)> {
    let message = reapi::Action::decode(&*cas.peek(action, LARGEST)?).ok()?;
    wire::action(message).ok().map(|action| (action.command, action.input_root))
}

/// What is kept with a record: actions, commands, the directories of input roots but not the files in them, and what
/// results speak of. What is not in the store any more is left out with all below it. Asking counts as no use.
#[must_use]
pub fn needs(actions: &ActionNeeds<'_>, record: &Digest) -> Vec<Need> {
    let cas = actions.cas;
    let message = cas.peek(record, LARGEST).and_then(|bytes| BuildRecord::decode(&*bytes).ok());
    let record = message.and_then(|message| wire::build_record(message).ok()).unwrap_or_default();
    let of_action = record.iter().flat_map(|subaction| actions.of(&subaction.action));
    of_action
        .chain(record.iter().filter_map(Subaction::result).flat_map(|result| outputs(cas, result)))
        .collect()
}

fn outputs(cas: &Cas, result: &ActionResult) -> Vec<Need> {
    let mut blobs: Vec<Digest> = result.blobs().chain(result.subactions.iter().copied()).collect();
    for tree in result.directories.iter().filter_map(|directory| directory.tree) {
        let message = cas.peek(&tree, LARGEST).and_then(|bytes| reapi::Tree::decode(&*bytes).ok());
        let folders = message.map(|message| message.children.into_iter().chain(message.root));
        let files = folders.into_iter().flatten().flat_map(|folder| folder.files);
        blobs.extend(files.filter_map(|file| wire::digest("a file of a tree", file.digest).ok()));
    }
    let roots = result.directories.iter().filter_map(|directory| directory.root);
    blobs.into_iter().map(Need::Blob).chain(roots.map(Need::Tree)).collect()
}

#[cfg(test)]
mod tests;
