//! Every code that the protocols document for a call, as `docs/serve.md` lists them; the tests cause each code that
//! this server can answer with.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bazel_remote_apis::google::bytestream::ReadRequest;
use bazel_remote_apis::google::longrunning::{CancelOperationRequest, ListOperationsRequest};
use common::calls::{Given, ask, execute};
use common::given::{all_is_well, with};
use common::{Fixture, noise, wire};
use spec_proto::{Message, reapi};
use spec_reapi::{Limits, Options};
use tonic::{Code, Status};

/// More bytes than a batch may have.
const TOO_MUCH: usize = 4 << 20;

/// The documented codes that this server answers with, except for those of a full disk, see `server_full.rs`.
const ANSWERED: [(&str, &[&str]); 11] = [
    (
        "Execute",
        &[
            "INVALID_ARGUMENT",
            "FAILED_PRECONDITION",
            "RESOURCE_EXHAUSTED",
            "UNAVAILABLE",
            "INTERNAL",
            "DEADLINE_EXCEEDED",
            "CANCELLED",
        ],
    ),
    ("WaitExecution", &["NOT_FOUND", "FAILED_PRECONDITION", "INTERNAL", "DEADLINE_EXCEEDED", "CANCELLED"]),
    ("GetActionResult", &["NOT_FOUND"]),
    ("UpdateActionResult", &["INVALID_ARGUMENT", "FAILED_PRECONDITION"]),
    ("BatchUpdateBlobs", &["INVALID_ARGUMENT"]),
    ("BatchReadBlobs", &["INVALID_ARGUMENT"]),
    ("GetTree", &["NOT_FOUND"]),
    ("Read", &["INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE"]),
    ("Write", &["INVALID_ARGUMENT"]),
    ("FetchBlob, FetchDirectory", &["INVALID_ARGUMENT", "NOT_FOUND", "UNAVAILABLE", "INTERNAL"]),
    ("ListOperations", &["UNIMPLEMENTED"]),
];

/// The codes of a full disk, and those that this server never answers with.
const NOT_HERE: [(&str, &[&str]); 9] = [
    ("UpdateActionResult", &["RESOURCE_EXHAUSTED"]),
    ("BatchUpdateBlobs", &["RESOURCE_EXHAUSTED"]),
    ("Write", &["RESOURCE_EXHAUSTED"]),
    ("WaitExecution", &["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNAVAILABLE"]),
    ("SplitBlob, GetChunkMapping", &["NOT_FOUND", "RESOURCE_EXHAUSTED"]),
    (
        "SpliceBlob, RegisterChunkMapping",
        &["NOT_FOUND", "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "ALREADY_EXISTS"],
    ),
    ("QueryWriteStatus", &["NOT_FOUND"]),
    (
        "FetchBlob, FetchDirectory",
        &["RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "PERMISSION_DENIED", "ABORTED"],
    ),
    ("DeleteOperation, CancelOperation, WaitOperation", &["UNIMPLEMENTED"]),
];

type Pairs = BTreeSet<(String, String)>;

fn pairs(table: &[(&str, &[&str])]) -> Pairs {
    let pair = |call: &str, code: &str| (call.to_owned(), code.to_owned());
    table.iter().flat_map(|(calls, codes)| codes.iter().map(move |code| pair(calls, code))).collect()
}

#[test]
fn the_documentation_has_them_all() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/serve.md")).unwrap();
    let (_, section) = text.split_once("\n## Codes\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut told = Pairs::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [_, calls, codes, when, _] = &cells[..] else { panic!("{row}") };
        assert!(!when.is_empty(), "{row}");
        for code in codes.split(", ") {
            assert!(told.insert((calls.clone(), code.to_owned())), "twice: {row}");
        }
    }
    let all = [pairs(&ANSWERED), pairs(&NOT_HERE)];
    assert!(all[0].is_disjoint(&all[1]));
    assert_eq!(told, &all[0] | &all[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_comes_when_it_should() {
    for (calls, code) in pairs(&ANSWERED) {
        for call in calls.split(", ") {
            let fixture = Fixture::new().await;
            let found = provoke(&fixture, call, &code).await;
            assert_eq!(found, named(&code), "{call}: {code}");
        }
    }
}

fn named(code: &str) -> Code {
    let is = |known: &Code| format!("{known:?}").to_uppercase() == code.replace('_', "");
    (0..=16).map(Code::from).find(is).unwrap()
}

/// Makes a call end with a code.
async fn provoke(fixture: &Fixture, call: &str, code: &str) -> Code {
    let given = all_is_well(fixture).await;
    let channel = &fixture.channel;
    match (call, code) {
        ("Execute", "RESOURCE_EXHAUSTED") => full_queue(fixture).await,
        ("Execute", "CANCELLED") => cancelled(fixture, &given).await,
        ("Execute", "DEADLINE_EXCEEDED") => ask(channel, call, &doing(fixture, &given, "late")).await,
        ("WaitExecution", "FAILED_PRECONDITION") => again(fixture, &given, "missing").await,
        ("WaitExecution", "INTERNAL") => again(fixture, &given, "broken").await,
        ("WaitExecution", "DEADLINE_EXCEEDED") => again(fixture, &given, "late").await,
        ("WaitExecution", "CANCELLED") => again(fixture, &given, "cancelled").await,
        ("BatchUpdateBlobs", _) => {
            let given = Given { data: noise(1, TOO_MUCH), ..given };
            ask(channel, call, &given).await
        }
        ("BatchReadBlobs", _) => {
            let large = reapi::Digest { size_bytes: TOO_MUCH as i64, ..given.blob.clone() };
            ask(channel, call, &Given { blob: large, ..given }).await
        }
        ("Read", "OUT_OF_RANGE") => {
            let name = name(&given);
            let [behind, before] = [read(fixture, &name, 5, 0).await, read(fixture, &name, -1, 0).await];
            assert_eq!(behind, before);
            before
        }
        ("Read", "INVALID_ARGUMENT") => {
            let compressed = format!("compressed-blobs/zstd/{}", name(&given).trim_start_matches("blobs/"));
            read(fixture, &compressed, 0, 3).await
        }
        ("Write", "INVALID_ARGUMENT") => ask(channel, call, &with(&given, "absent")).await,
        ("FetchBlob" | "FetchDirectory", "INVALID_ARGUMENT") => {
            ask(channel, call, &Given { uri: String::new(), ..given }).await
        }
        ("ListOperations", "UNIMPLEMENTED") => {
            let request = ListOperationsRequest { return_partial_success: true, ..Default::default() };
            code_of(fixture.operations().list_operations(request).await)
        }
        (_, "INVALID_ARGUMENT") => ask(channel, call, &with(&given, "hash")).await,
        (_, "NOT_FOUND" | "FAILED_PRECONDITION") => ask(channel, call, &with(&given, "absent")).await,
        (_, "INTERNAL") => {
            unreadable(fixture.cas.root());
            ask(channel, call, &given).await
        }
        (_, "UNAVAILABLE") => overloaded(fixture, call, &given).await,
        _ => panic!("nothing brings {code} of {call} about"),
    }
}

fn code_of<T>(answer: Result<T, Status>) -> Code {
    answer.err().map_or(Code::Ok, |status| status.code())
}

/// The same request with an action that does something else.
fn doing(fixture: &Fixture, given: &Given, what: &str) -> Given {
    Given { action: wire(&fixture.action(what)), ..given.clone() }
}

/// The code of `WaitExecution` after an execution ended.
async fn again(fixture: &Fixture, given: &Given, what: &str) -> Code {
    let given = doing(fixture, given, what);
    let (operation, code) = execute(&fixture.channel, &given).await.unwrap();
    assert_eq!(ask(&fixture.channel, "WaitExecution", &Given { operation, ..given }).await, code);
    code
}

/// The code of an execution that another client cancels.
async fn cancelled(fixture: &Fixture, given: &Given) -> Code {
    let request = reapi::ExecuteRequest {
        action_digest: Some(doing(fixture, given, "wait").action),
        ..Default::default()
    };
    let mut told = fixture.execution().execute(request).await.unwrap().into_inner();
    let operation = told.message().await.unwrap().unwrap().name;
    let cancel = CancelOperationRequest { name: operation.clone() };
    fixture.operations().cancel_operation(cancel).await.unwrap();
    ask(&fixture.channel, "WaitExecution", &Given { operation, ..given.clone() }).await
}

/// Two actions run and four wait; further ones are refused.
async fn full_queue(fixture: &Fixture) -> Code {
    let mut streams = vec![];
    for salt in 0..8u64 {
        let action = fixture.cas.get(&fixture.action("wait")).unwrap();
        let action = reapi::Action { salt: noise(salt, 8), ..reapi::Action::decode(&*action).unwrap() };
        let action_digest = Some(wire(&fixture.cas.put_bytes(&action.encode_to_vec()).unwrap()));
        let request = reapi::ExecuteRequest { action_digest, ..Default::default() };
        match fixture.execution().execute(request).await {
            Ok(stream) => streams.push(stream),
            Err(status) => return status.code(),
        }
    }
    Code::Ok
}

fn name(given: &Given) -> String {
    format!("blobs/{}/{}", given.blob.hash, given.blob.size_bytes)
}

async fn read(fixture: &Fixture, name: &str, read_offset: i64, read_limit: i64) -> Code {
    let request = ReadRequest { resource_name: name.to_owned(), read_offset, read_limit };
    code_of(fixture.bytes().read(request).await)
}

/// Makes the store unreadable: every file becomes a link to itself.
fn unreadable(store: &Path) {
    for file in common::files(store) {
        fs::remove_file(&file).unwrap();
        symlink(file.file_name().unwrap(), &file).unwrap();
    }
}

/// A file whose opening blocks, as on a disk that hangs, until this is dropped.
struct Hanging(PathBuf);

impl Hanging {
    fn in_place_of(path: PathBuf) -> Self {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        fs::remove_file(&path).unwrap();
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        Self(path)
    }

    /// Unblocks a waiting reader; returns whether there was one.
    fn open(&self) -> bool {
        let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        fs::OpenOptions::new().write(true).custom_flags(nonblock).open(&self.0).is_ok()
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.open();
    }
}

/// The code of a call while the only thread for blocking jobs waits for the disk.
async fn overloaded(fixture: &Fixture, call: &str, given: &Given) -> Code {
    let limits = Limits { blocking_threads: 1, max_wait: Duration::from_millis(250), ..Limits::default() };
    let server = Fixture::over(&fixture.cas, Options { limits, ..Options::default() }).await;
    let assets = common::files(&fixture.cas.root().join("refs"));
    let hanging: Vec<Hanging> = assets.into_iter().map(Hanging::in_place_of).collect();
    let (channel, waiting) = (server.channel.clone(), given.clone());
    let blocked = tokio::spawn(async move { ask(&channel, "FetchBlob", &waiting).await });
    while ask(&server.channel, "FindMissingBlobs", given).await == Code::Ok {}
    let code = ask(&server.channel, call, given).await;
    while !blocked.is_finished() {
        hanging.iter().for_each(|file| _ = file.open());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(blocked.await.unwrap(), Code::NotFound, "what is empty is no asset");
    code
}
