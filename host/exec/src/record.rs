//! The record of what a build asked for through its socket, as a blob of the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use spec_cas::{Cas, Need};
use spec_model::{ActionResult, Command, Digest, Subaction};
use spec_proto::spec::v1::BuildRecord;
use spec_proto::{Message, reapi};

use crate::executor::{ActionError, load};
use crate::{ExecError, wire};

/// Bytes of the largest message that is looked into for what it needs.
const LARGEST: u64 = 256 << 20;

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
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use spec_cas::TreeBuilder;
    use spec_model::{Answered, OutputFile, UserError};

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

    /// Makes it long ago that anything in the folder was used.
    fn age(folder: &Path) {
        for entry in fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                age(&entry);
                continue;
            }
            let then = SystemTime::now() - Duration::from_secs(100_000);
            let times = fs::FileTimes::new().set_accessed(then).set_modified(then);
            fs::File::open(&entry).and_then(|file| file.set_times(times)).expect("it is ours");
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
        let quota = spec_cas::Quota { max_bytes: Some(0), reserved_bytes: 0, low_watermark: 0 };
        let refs = cas.refs("records");
        refs.put(&["it"], digest.to_string().as_bytes()).expect("stored");
        age(folder.path());
        // What is used by a name that was used just now stays.
        refs.get("it").expect("the store works");
        let actions = ActionNeeds::new(&cas);
        let needs_of = |_: &str, name: &[u8]| {
            let digest = String::from_utf8_lossy(name).parse().expect("a digest");
            [needs(&actions, &digest), vec![Need::Blob(digest)]].concat()
        };
        cas.evict(&quota, &needs_of).expect("it works").expect("nobody else evicts");
        let here = |digest: &Digest| !cas.missing(&[*digest]).expect("the store works").contains(digest);
        assert!([digest, action, command, root, inner, output].iter().all(here));
        assert!(!here(&input), "files of input roots are not kept");

        assert_eq!(store(&cas, &[]).expect("nothing to do"), None);
        let input = put(b"input");
        assert_eq!(load(&cas, &input).expect_err("it is none").reason(), "subactions-damaged");
        assert_eq!(load(&cas, &Digest::of(b"gone")).expect_err("it is gone").reason(), "cas-missing");
    }
}
