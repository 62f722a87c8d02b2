//! Records of builds, results of actions, and records of speculation in both forms.

use std::time::{Duration, SystemTime};

use spec_action::wire;
use spec_model::{ActionFailure, ActionResult, AnswerSource, Digest, OutputFile, Subaction};
use spec_proto::buildstream::v2::SpeculativeActions;
use spec_proto::buildstream::v2::speculative_actions::{Overlay, SpeculativeAction};
use spec_proto::spec::v1::BuildRecord;
use spec_proto::{Message, reapi};
use spec_speculation::{Record, RecordFormat};

use crate::scratch;

/// The first byte says what the rest is.
pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 4 {
        0 => build_record(bytes),
        1 => result(bytes),
        2 => messages(bytes),
        _ => speculation(bytes),
    }
}

fn build_record(bytes: &[u8]) {
    let Ok(Ok(record)) = BuildRecord::decode(bytes).map(wire::build_record) else { return };
    let again = BuildRecord::decode(&*wire::build_record_to_proto(&record).encode_to_vec());
    let again = wire::build_record(again.expect("it was just encoded")).expect("it was a record");
    assert_eq!(again.len(), record.len());
    // Contents of files are not written, and times only with the precision of the message.
    assert!(again.iter().zip(&record).all(|(a, b)| a.action == b.action && a.answered == b.answered));
}

fn result(bytes: &[u8]) {
    let Ok(result) = wire::action_result_from_bytes(bytes) else { return };
    let again = wire::action_result_from_bytes(&wire::action_result_to_bytes(&result));
    assert_eq!(again.as_ref(), Ok(&result));
}

fn messages(bytes: &[u8]) {
    let action = reapi::Action::decode(bytes).ok().and_then(|message| wire::action(message).ok());
    if let Some(action) = action {
        assert!(action.timeout.is_none_or(|timeout| timeout >= Duration::ZERO));
    }
    if let Ok(message) = reapi::Command::decode(bytes) {
        let _ = wire::command(message);
    }
}

fn speculation(bytes: &[u8]) {
    let cas = scratch::store();
    let put = |bytes: &[u8]| cas.put_bytes(bytes).expect("the store works");
    let Ok(record) = Record::load(&cas, &put(bytes), "a.bst") else { return };
    let again = Record::load(&cas, &put(&record.encode_compact()), "a.bst");
    assert_eq!(again.expect("it was a record"), record);
    let _ = record.store(&cas, RecordFormat::Upstream);
}

/// One of every kind.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = Digest::of(b"x");
    let wire_digest = || Some(wire::digest_to_proto(&digest));
    let file = OutputFile {
        path: "a.o".to_owned(),
        digest,
        executable: true,
        properties: Default::default(),
        contents: Vec::new(),
    };
    let result =
        ActionResult { files: vec![file], subactions: vec![digest], exit_code: 3, ..Default::default() };
    let failure = ActionFailure {
        reason: "r".to_owned(),
        message: "m".to_owned(),
        partial: Some(Box::new(result.clone())),
    };
    let subaction = |outcome| Subaction {
        action: digest,
        answered: AnswerSource::Executed,
        asked: SystemTime::UNIX_EPOCH,
        took: Duration::from_millis(5),
        outcome,
    };
    let record = [subaction(Ok(result.clone())), subaction(Err(failure))];
    let action = reapi::Action {
        command_digest: wire_digest(),
        input_root_digest: wire_digest(),
        ..Default::default()
    };
    let command = reapi::Command { arguments: vec!["gcc".to_owned()], ..Default::default() };
    let overlay = Overlay {
        source_element: "b.bst".to_owned(),
        source_path: "s/a.c".to_owned(),
        target_digest: wire_digest(),
        ..Default::default()
    };
    let known = SpeculativeActions {
        actions: vec![SpeculativeAction {
            base_action_digest: wire_digest(),
            overlays: vec![overlay.clone()],
        }],
        artifact_overlays: vec![overlay],
        compact: None,
    };
    let mut compact = Record::of("a.bst");
    compact.elements.push("b.bst".to_owned());
    compact.paths.add("src/a.c");
    let of_kind = |kind: u8, bytes: Vec<u8>| [vec![kind], bytes].concat();
    vec![
        of_kind(0, wire::build_record_to_proto(&record).encode_to_vec()),
        of_kind(1, wire::action_result_to_bytes(&result)),
        of_kind(2, action.encode_to_vec()),
        of_kind(2, command.encode_to_vec()),
        of_kind(3, known.encode_to_vec()),
        of_kind(3, compact.encode_compact()),
    ]
}
