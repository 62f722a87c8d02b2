//! The record of what a build asked for through its socket, as a blob of the store.

use std::collections::HashSet;

use spec_cas::{Cas, CasError};
use spec_model::{Command, Digest, Subaction};
use spec_proto::Message;
use spec_proto::spec::v1::BuildRecord;

use crate::executor::{ActionError, ResultCache, load};
use crate::{ExecError, wire};

/// Stores a record; answers with its digest, or with `None` when there is nothing in it.
///
/// # Errors
/// When the store fails.
pub fn store(cas: &Cas, record: &[Subaction]) -> Result<Option<Digest>, ExecError> {
    if record.is_empty() {
        return Ok(None);
    }
    Ok(Some(cas.put_bytes(&wire::build_record_to_proto(record).encode_to_vec())?))
}

/// Loads a record.
///
/// # Errors
/// `cas-missing` when it is not in the store, `subactions-damaged` when it is no record.
pub fn load(cas: &Cas, digest: &Digest) -> Result<Vec<Subaction>, ExecError> {
    let bad = |why: String| ExecError::BadRecord { digest: *digest, why };
    let message = BuildRecord::decode(&*cas.get(digest)?).map_err(|error| bad(error.to_string()))?;
    wire::build_record(message).map_err(bad)
}

/// The command of a recorded action.
///
/// # Errors
/// [`ActionError::Missing`] when it or its action is not in the store any more, [`ActionError::Invalid`] when it is
/// none.
pub fn command(cas: &Cas, action: &Digest) -> Result<Command, ActionError> {
    load::command(cas, &load::action(cas, action)?.command)
}

/// The blobs that a record speaks of, sorted, each once: actions, commands, the directories of input roots but not the
/// files in them, and what results speak of. What is not in the store any more is left out with all below it.
///
/// # Errors
/// When the store fails.
pub fn needs(cas: &Cas, record: &[Subaction]) -> Result<Vec<Digest>, ExecError> {
    let results = ResultCache::new(cas);
    let (mut needs, mut directories) = (Vec::new(), HashSet::new());
    for subaction in record {
        needs.push(subaction.action);
        if let Ok(action) = load::action(cas, &subaction.action) {
            needs.push(action.command);
            add_directories(cas, &action.input_root, &mut directories)?;
        }
        if let Some(result) = subaction.result() {
            match results.needs(result) {
                Ok(outputs) => needs.extend(outputs),
                Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            needs.extend(&result.subactions);
        }
    }
    needs.extend(directories);
    needs.sort_unstable();
    needs.dedup();
    Ok(needs)
}

/// Adds the directories of a tree to those that are known.
fn add_directories(cas: &Cas, root: &Digest, known: &mut HashSet<Digest>) -> Result<(), ExecError> {
    let mut open = vec![*root];
    while let Some(digest) = open.pop() {
        if known.contains(&digest) {
            continue;
        }
        match cas.directory(&digest) {
            Ok(directory) => open.extend(directory.directories.iter().map(|child| child.digest)),
            Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => continue,
            Err(error) => return Err(error.into()),
        }
        known.insert(digest);
    }
    Ok(())
}
