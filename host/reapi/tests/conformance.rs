//! Every call in the situations that all calls have in common, with the code that REAPI, the Remote Asset API,
//! ByteStream and `google.longrunning` document. Situations of a single call are tested in the file of its service.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::calls::{ALL, ask};
use common::given::{all_is_well, with};
use common::{Fixture, wire};
use spec_model::Digest;
use spec_proto::reapi;
use spec_reapi::{Limits, Options, Tokens};
use tonic::Code;

const OK: Option<Code> = Some(Code::Ok);
const INV: Option<Code> = Some(Code::InvalidArgument);
const NF: Option<Code> = Some(Code::NotFound);
const FP: Option<Code> = Some(Code::FailedPrecondition);
const PD: Option<Code> = Some(Code::PermissionDenied);
const UI: Option<Code> = Some(Code::Unimplemented);
const UA: Option<Code> = Some(Code::Unauthenticated);
/// The request has no such field.
const NIL: Option<Code> = None;

/// What is wrong with a request.
const SITUATIONS: [&str; 8] =
    ["nothing", "instance", "function", "hash", "size", "absent", "reader", "stranger"];

#[rustfmt::skip]
const TABLE: [(&str, [Option<Code>; 8]); 25] = [
    // call                  nothing instance function hash size absent reader stranger
    ("GetCapabilities",      [OK, INV, NIL, NIL, NIL, NIL, OK, UA]),
    ("FindMissingBlobs",     [OK, INV, INV, INV, INV, OK,  OK, UA]),
    // The absent blob is another one than the data.
    ("BatchUpdateBlobs",     [OK, INV, INV, INV, INV, INV, PD, UA]),
    ("BatchReadBlobs",       [OK, INV, INV, INV, INV, NF,  OK, UA]),
    ("GetTree",              [OK, INV, INV, INV, INV, NF,  OK, UA]),
    ("SplitBlob",            [UI, UI,  UI,  UI,  UI,  UI,  UI, UA]),
    ("SpliceBlob",           [UI, UI,  UI,  UI,  UI,  UI,  UI, UA]),
    ("GetChunkMapping",      [UI, UI,  UI,  UI,  UI,  UI,  UI, UA]),
    ("RegisterChunkMapping", [UI, UI,  UI,  UI,  UI,  UI,  UI, UA]),
    ("Read",                 [OK, INV, INV, INV, INV, NF,  OK, UA]),
    ("Write",                [OK, INV, INV, INV, INV, INV, PD, UA]),
    // No bytes are committed of an absent blob.
    ("QueryWriteStatus",     [OK, INV, INV, INV, INV, OK,  OK, UA]),
    ("GetActionResult",      [OK, INV, INV, INV, INV, NF,  OK, UA]),
    ("UpdateActionResult",   [OK, INV, INV, INV, INV, FP,  PD, UA]),
    ("Execute",              [OK, INV, INV, INV, INV, FP,  PD, UA]),
    ("WaitExecution",        [OK, NIL, NIL, NIL, NIL, NF,  OK, UA]),
    ("ListOperations",       [OK, NIL, NIL, NIL, NIL, NIL, OK, UA]),
    ("GetOperation",         [OK, NIL, NIL, NIL, NIL, NF,  OK, UA]),
    ("DeleteOperation",      [OK, NIL, NIL, NIL, NIL, NF,  PD, UA]),
    ("CancelOperation",      [OK, NIL, NIL, NIL, NIL, NF,  PD, UA]),
    ("WaitOperation",        [OK, NIL, NIL, NIL, NIL, NF,  OK, UA]),
    // The status in the answer says that nobody pushed it.
    ("FetchBlob",            [OK, INV, INV, NIL, NIL, NF,  OK, UA]),
    ("FetchDirectory",       [OK, INV, INV, NIL, NIL, NF,  OK, UA]),
    ("PushBlob",             [OK, INV, INV, INV, INV, FP,  PD, UA]),
    ("PushDirectory",        [OK, INV, INV, INV, INV, FP,  PD, UA]),
];

fn options() -> Options {
    let tokens = Tokens { read_only: vec!["reader".to_owned()], read_write: vec!["writer".to_owned()] };
    Options { tokens, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_ends_as_documented() {
    let fixture = Fixture::with(options()).await;
    assert_eq!(TABLE.map(|(call, _)| call), ALL);
    for (call, codes) in TABLE {
        for (situation, expect) in SITUATIONS.into_iter().zip(codes) {
            let Some(expect) = expect else { continue };
            let given = with(&all_is_well(&fixture).await, situation);
            assert_eq!(ask(&fixture.channel, call, &given).await, expect, "{call}: {situation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_runs_where_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let cas = spec_cas::Cas::open(folder.path().join("cas")).unwrap();
    let fixture = Fixture::without_executions(&cas).await;
    let action = common::action(&cas, "true");
    let request = reapi::ExecuteRequest { action_digest: Some(wire(&action)), ..Default::default() };
    let refused = fixture.execution().execute(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    let answer = fixture.capabilities().get_capabilities(reapi::GetCapabilitiesRequest::default()).await;
    let execution = answer.unwrap().into_inner().execution_capabilities;
    assert!(!execution.is_some_and(|execution| execution.exec_enabled), "the capabilities say so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_falls_silent_is_given_up() {
    use bazel_remote_apis::google::bytestream::WriteRequest;
    let limits = Limits { max_wait: Duration::from_millis(50), ..Limits::default() };
    let fixture = Fixture::with(Options { limits, ..Options::default() }).await;
    let digest = Digest::of(b"both halves");
    let half = WriteRequest {
        resource_name: format!("uploads/u/blobs/{digest}"),
        data: b"both".to_vec(),
        ..Default::default()
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    sender.send(half).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    assert_eq!(fixture.bytes().write(stream).await.unwrap_err().code(), Code::Aborted);
    assert!(!fixture.cas.contains(&digest).unwrap());
}
