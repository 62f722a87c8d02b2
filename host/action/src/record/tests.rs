use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use spec_cas::TreeBuilder;
use spec_model::{AnswerSource, OutputFile, UserError};

use super::*;
use crate::command_of_action;

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
        answered: AnswerSource::Executed,
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
    let command = put(&reapi::Command { arguments: arguments.clone(), ..Default::default() }.encode_to_vec());
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
    assert_eq!(command_of_action(&cas, &action).expect("it is here").arguments, arguments);
    assert_eq!(
        command_of_action(&cas, &gone.action).expect_err("it is gone").reason(),
        "action-missing-blobs"
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
