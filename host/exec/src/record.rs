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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use spec_cas::TreeBuilder;
    use spec_model::{ActionResult, Answered, OutputFile, UserError};
    use spec_proto::reapi;

    use super::*;

    fn subaction(action: Digest, output: Digest) -> Subaction {
        let file = OutputFile {
            path: "a.o".to_owned(),
            digest: output,
            executable: false,
            properties: Default::default(),
            contents: Vec::new(),
        };
        Subaction {
            action,
            answered: Answered::Executed,
            asked: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            outcome: Ok(ActionResult { files: vec![file], ..ActionResult::default() }),
        }
    }

    #[test]
    fn a_record_tells_its_command_and_what_it_needs() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let put = |message: &[u8]| cas.put_bytes(message).expect("stored");
        let arguments = vec!["gcc".to_owned()];
        let command =
            put(&reapi::Command { arguments: arguments.clone(), ..Default::default() }.encode_to_vec());
        let input = put(b"input");
        let mut builder = TreeBuilder::new();
        builder.add_file("src/a.c", input, false).expect("the path is good");
        let root = builder.store(&cas).expect("stored");
        let inner = cas.subtree(&root, "src").expect("it is here").expect("it is a directory");
        let message = reapi::Action {
            command_digest: Some(wire::digest_to_proto(&command)),
            input_root_digest: Some(wire::digest_to_proto(&root)),
            ..Default::default()
        };
        let (action, output) = (put(&message.encode_to_vec()), put(b"output"));
        let gone = subaction(Digest::of(b"gone"), output);
        let record = [subaction(action, output), gone.clone()];

        let digest = store(&cas, &record).expect("stored").expect("there is something in it");
        assert_eq!(load(&cas, &digest).expect("it is here"), record);
        assert_eq!(super::command(&cas, &action).map(|command| command.arguments), Ok(arguments));
        assert_eq!(
            super::command(&cas, &gone.action).map_err(|e| e.reason().to_owned()),
            Err("action-missing-blobs".to_owned())
        );
        let mut expected = vec![action, command, root, inner, output, gone.action];
        expected.sort_unstable();
        assert_eq!(needs(&cas, &record).expect("the store works"), expected);

        assert_eq!(store(&cas, &[]).expect("nothing to do"), None);
        assert_eq!(load(&cas, &input).expect_err("it is none").reason(), "subactions-damaged");
        assert_eq!(load(&cas, &Digest::of(b"gone")).expect_err("it is gone").reason(), "cas-missing");
    }
}
