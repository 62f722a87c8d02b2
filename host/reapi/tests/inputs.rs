//! Messages with invalid paths, names, sizes or times: they are refused with the name of the field, and never served.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Fixture, wire};
use spec_model::Digest;
use spec_proto::{Message, asset, reapi, well_known};
use tonic::{Code, Status};

fn put(action: &Digest, result: reapi::ActionResult) -> reapi::UpdateActionResultRequest {
    let (action_digest, action_result) = (Some(wire(action)), Some(result));
    reapi::UpdateActionResultRequest { action_digest, action_result, ..Default::default() }
}

fn file(path: &str) -> reapi::OutputFile {
    reapi::OutputFile { path: path.to_owned(), digest: Some(wire(&Digest::of(b""))), ..Default::default() }
}

fn link(path: &str, target: &str) -> reapi::OutputSymlink {
    reapi::OutputSymlink { path: path.to_owned(), target: target.to_owned(), node_properties: None }
}

fn folder(path: &str) -> reapi::OutputDirectory {
    reapi::OutputDirectory { path: path.to_owned(), tree_digest: Some(tree()), ..Default::default() }
}

/// The `Tree` of an empty directory.
fn tree() -> reapi::Digest {
    wire(&Digest::of(&[0x0a, 0]))
}

fn files(paths: &[&str]) -> reapi::ActionResult {
    reapi::ActionResult { output_files: paths.iter().map(|path| file(path)).collect(), ..Default::default() }
}

fn stamped(seconds: i64, nanos: i32) -> reapi::ActionResult {
    let time = Some(well_known::Timestamp { seconds, nanos });
    let metadata = reapi::ExecutedActionMetadata { execution_start_timestamp: time, ..Default::default() };
    reapi::ActionResult { execution_metadata: Some(metadata), ..Default::default() }
}

fn properties(properties: reapi::NodeProperties) -> reapi::ActionResult {
    let file = reapi::OutputFile { node_properties: Some(properties), ..file("a") };
    reapi::ActionResult { output_files: vec![file], ..Default::default() }
}

/// Checks that a message names no file of this machine.
fn names_no_host(fixture: &Fixture, what: &str, status: &Status) {
    let store = fixture.cas.root().display().to_string();
    assert!(!status.message().contains(&store), "{what}: {status}");
    assert!(!status.details().windows(store.len()).any(|part| part == store.as_bytes()), "{what}");
}

fn lists(bad: &str) -> Vec<reapi::ActionResult> {
    let empty = reapi::ActionResult::default;
    #[allow(deprecated)]
    let mut all = vec![
        files(&[bad]),
        reapi::ActionResult { output_symlinks: vec![link(bad, "t")], ..empty() },
        reapi::ActionResult { output_file_symlinks: vec![link(bad, "t")], ..empty() },
        reapi::ActionResult { output_directory_symlinks: vec![link(bad, "t")], ..empty() },
    ];
    // The working directory itself may be an output.
    if !bad.is_empty() && bad != "." {
        all.push(reapi::ActionResult { output_directories: vec![folder(bad)], ..empty() });
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn results_whose_outputs_cannot_be_are_refused() {
    let fixture = Fixture::new().await;
    fixture.cas.put_bytes(&[0x0a, 0]).unwrap();
    let long = "n".repeat(256);
    let deep = "n/".repeat(3000);
    let mut table: Vec<(String, reapi::ActionResult)> = Vec::new();
    for path in [
        "../../etc/passwd",
        "..",
        "../a",
        "/etc/passwd",
        "",
        ".",
        "/",
        "//a",
        "a//b",
        "a/../b",
        "a/./b",
        "a/..",
        "a\0b",
        &long,
        &deep,
    ] {
        table.extend(lists(path).into_iter().map(|result| (format!("{path:.40}"), result)));
    }
    let empty = reapi::ActionResult::default;
    #[allow(deprecated)]
    let others = [
        ("twice", files(&["a", "a"])),
        (
            "twice with a slash",
            reapi::ActionResult { output_directories: vec![folder("a/"), folder("a")], ..empty() },
        ),
        ("twice with a step", files(&["a", "./a"])),
        ("below a file", files(&["a", "a/b"])),
        ("file and link", reapi::ActionResult { output_symlinks: vec![link("a", "t")], ..files(&["a"]) }),
        ("file and folder", reapi::ActionResult { output_directories: vec![folder("a")], ..files(&["a"]) }),
        (
            "link twice",
            reapi::ActionResult { output_symlinks: vec![link("a", "t"), link("a", "t")], ..empty() },
        ),
        (
            "link of two kinds",
            reapi::ActionResult {
                output_file_symlinks: vec![link("a", "t")],
                output_directory_symlinks: vec![link("a", "t")],
                ..empty()
            },
        ),
        (
            "link with two targets",
            reapi::ActionResult {
                output_file_symlinks: vec![link("a", "t")],
                output_symlinks: vec![link("a", "u")],
                ..empty()
            },
        ),
        ("link to nowhere", reapi::ActionResult { output_symlinks: vec![link("a", "")], ..empty() }),
        ("link with a NUL", reapi::ActionResult { output_symlinks: vec![link("a", "\0")], ..empty() }),
        ("long link", reapi::ActionResult { output_symlinks: vec![link("a", &"t".repeat(5000))], ..empty() }),
        ("nanoseconds", stamped(0, 1_000_000_000)),
        ("negative nanoseconds", stamped(0, -1)),
        ("no year", stamped(i64::MIN, 0)),
        (
            "time of a file",
            properties(reapi::NodeProperties {
                mtime: Some(well_known::Timestamp { seconds: 0, nanos: -5 }),
                ..Default::default()
            }),
        ),
        (
            "mode of a file",
            properties(reapi::NodeProperties {
                unix_mode: Some(well_known::UInt32Value { value: u32::MAX }),
                ..Default::default()
            }),
        ),
        (
            "negative duration",
            reapi::ActionResult {
                execution_metadata: Some(reapi::ExecutedActionMetadata {
                    virtual_execution_duration: Some(well_known::Duration { seconds: -1, nanos: 0 }),
                    ..Default::default()
                }),
                ..empty()
            },
        ),
        (
            "other contents",
            reapi::ActionResult {
                output_files: vec![reapi::OutputFile { contents: b"x".to_vec(), ..file("a") }],
                ..empty()
            },
        ),
        (
            "other output",
            reapi::ActionResult { stdout_raw: b"x".to_vec(), stdout_digest: Some(tree()), ..empty() },
        ),
        (
            "negative size",
            reapi::ActionResult {
                stdout_digest: Some(reapi::Digest { size_bytes: -1, ..tree() }),
                ..empty()
            },
        ),
    ];
    table.extend(others.into_iter().map(|(name, result)| (name.to_owned(), result)));
    let action = fixture.action("true");
    for (name, result) in table {
        let refused = fixture.results().update_action_result(put(&action, result)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name}: {refused}");
        names_no_host(&fixture, &name, &refused);
    }
    let get = reapi::GetActionResultRequest { action_digest: Some(wire(&action)), ..Default::default() };
    assert_eq!(fixture.results().get_action_result(get).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn results_with_what_their_commands_ask_for_are_taken() {
    let fixture = Fixture::new().await;
    fixture.cas.put_bytes(&[0x0a, 0]).unwrap();
    let command = reapi::Command {
        arguments: vec!["true".to_owned()],
        working_directory: "a/b".to_owned(),
        output_paths: vec!["../lib/x.o".to_owned(), "y".to_owned()],
        ..Default::default()
    };
    let command = fixture.cas.put_bytes(&command.encode_to_vec()).unwrap();
    let action = reapi::Action {
        command_digest: Some(wire(&command)),
        input_root_digest: Some(wire(&Digest::of(b""))),
        ..Default::default()
    };
    let action = fixture.cas.put_bytes(&action.encode_to_vec()).unwrap();
    let taken = fixture.results().update_action_result(put(&action, files(&["../lib/x.o", "y"]))).await;
    assert_eq!(taken.unwrap().into_inner().output_files.len(), 2);
    let refused =
        fixture.results().update_action_result(put(&action, files(&["../lib/z.o"]))).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    // Older clients send the same link twice.
    #[allow(deprecated)]
    let both = reapi::ActionResult {
        output_file_symlinks: vec![link("l", "t")],
        output_symlinks: vec![link("l", "t")],
        output_directories: vec![folder("")],
        ..Default::default()
    };
    fixture.results().update_action_result(put(&action, both.clone())).await.unwrap();
    let get = reapi::GetActionResultRequest { action_digest: Some(wire(&action)), ..Default::default() };
    let found = fixture.results().get_action_result(get).await.unwrap().into_inner();
    assert_eq!(found.output_symlinks, both.output_symlinks);
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_links_are_looked_at_quickly() {
    let fixture = Fixture::new().await;
    #[allow(deprecated)]
    let many = reapi::ActionResult {
        output_file_symlinks: (0..100_000).map(|n| link(&format!("{n}"), "t")).collect(),
        output_symlinks: (0..100_000).map(|n| link(&format!("{n}"), "t")).collect(),
        ..Default::default()
    };
    let started = std::time::Instant::now();
    fixture.results().update_action_result(put(&fixture.action("true"), many)).await.unwrap();
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_that_no_folder_can_hold_are_refused() {
    let fixture = Fixture::new().await;
    let node = |name: &str| reapi::FileNode {
        name: name.to_owned(),
        digest: Some(wire(&Digest::of(b""))),
        ..Default::default()
    };
    let directory = |files: Vec<reapi::FileNode>| reapi::Directory { files, ..Default::default() };
    let timed = |seconds, nanos| {
        let mtime = Some(well_known::Timestamp { seconds, nanos });
        let node_properties = Some(reapi::NodeProperties { mtime, ..Default::default() });
        directory(vec![reapi::FileNode { node_properties, ..node("a") }])
    };
    let linked = |target: &str| reapi::Directory {
        symlinks: vec![reapi::SymlinkNode {
            name: "a".to_owned(),
            target: target.to_owned(),
            node_properties: None,
        }],
        ..Default::default()
    };
    let sized = reapi::FileNode {
        digest: Some(reapi::Digest { size_bytes: -1, ..wire(&Digest::of(b"")) }),
        ..node("a")
    };
    for (name, bad) in [
        ("step", directory(vec![node("..")])),
        ("dot", directory(vec![node(".")])),
        ("empty", directory(vec![node("")])),
        ("slash", directory(vec![node("a/b")])),
        ("NUL", directory(vec![node("a\0b")])),
        ("long", directory(vec![node(&"n".repeat(256))])),
        ("twice", directory(vec![node("a"), node("a")])),
        ("order", directory(vec![node("b"), node("a")])),
        ("size", directory(vec![sized])),
        ("no digest", directory(vec![reapi::FileNode { digest: None, ..node("a") }])),
        ("nanoseconds", timed(0, 1_000_000_000)),
        ("negative nanoseconds", timed(0, -1)),
        ("no year", timed(i64::MAX, 0)),
        ("link to nowhere", linked("")),
        ("link with NUL", linked("\0")),
        ("long link", linked(&"t".repeat(4096))),
    ] {
        let root = fixture.cas.put_bytes(&bad.encode_to_vec()).unwrap();
        let pages = reapi::GetTreeRequest { root_digest: Some(wire(&root)), ..Default::default() };
        let mut found = vec![("GetTree", fixture.storage().get_tree(pages).await.map(drop))];
        let push = asset::PushDirectoryRequest {
            uris: vec!["urn:a".to_owned()],
            root_directory_digest: Some(wire(&root)),
            ..Default::default()
        };
        found.push(("PushDirectory", fixture.push().push_directory(push).await.map(drop)));
        let tree = reapi::Tree { root: Some(bad), children: vec![] };
        let tree = fixture.cas.put_bytes(&tree.encode_to_vec()).unwrap();
        for (what, output) in [
            ("tree_digest", reapi::OutputDirectory { tree_digest: Some(wire(&tree)), ..folder("d") }),
            (
                "root_directory_digest",
                reapi::OutputDirectory {
                    root_directory_digest: Some(wire(&root)),
                    tree_digest: None,
                    ..folder("d")
                },
            ),
        ] {
            let result = reapi::ActionResult { output_directories: vec![output], ..Default::default() };
            let update = put(&fixture.action("true"), result);
            found.push((what, fixture.results().update_action_result(update).await.map(drop)));
        }
        for (call, answer) in found {
            let refused = answer.expect_err(call);
            assert_eq!(refused.code(), Code::InvalidArgument, "{name}: {call}: {refused}");
            names_no_host(&fixture, name, &refused);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_with_times_that_are_none_are_refused() {
    let fixture = Fixture::new().await;
    let blob = Some(wire(&fixture.cas.put_bytes(b"x").unwrap()));
    let uris = vec!["urn:a".to_owned()];
    for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
        let time = Some(well_known::Timestamp { seconds, nanos });
        let push = asset::PushBlobRequest {
            uris: uris.clone(),
            blob_digest: blob.clone(),
            expire_at: time,
            ..Default::default()
        };
        assert_eq!(fixture.push().push_blob(push).await.unwrap_err().code(), Code::InvalidArgument);
        let fetch = asset::FetchBlobRequest {
            uris: uris.clone(),
            oldest_content_accepted: time,
            ..Default::default()
        };
        assert_eq!(fixture.fetch().fetch_blob(fetch).await.unwrap_err().code(), Code::InvalidArgument);
    }
    for (seconds, nanos) in [(-1, 0), (0, -1), (0, 1_000_000_000), (i64::MAX, 0)] {
        let timeout = Some(well_known::Duration { seconds, nanos });
        let fetch = asset::FetchBlobRequest { uris: uris.clone(), timeout, ..Default::default() };
        assert_eq!(fixture.fetch().fetch_blob(fetch).await.unwrap_err().code(), Code::InvalidArgument);
        let fetch = asset::FetchDirectoryRequest { uris: uris.clone(), timeout, ..Default::default() };
        assert_eq!(fixture.fetch().fetch_directory(fetch).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_here_is_told_without_paths_of_this_machine() {
    let fixture = Fixture::new().await;
    let execute =
        reapi::ExecuteRequest { action_digest: Some(wire(&fixture.action("broken"))), ..Default::default() };
    let mut told = fixture.execution().execute(execute).await.unwrap().into_inner();
    let mut last = None;
    while let Some(operation) = told.message().await.unwrap() {
        last = Some(operation);
    }
    // Texts are unencoded in the bytes of a message.
    let bytes = last.unwrap().encode_to_vec();
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("it broke") && !has("/a/file/of/the/host"));
    // A file that the disk cannot read.
    let digest = fixture.cas.put_bytes(b"gone").unwrap();
    for path in common::files(fixture.cas.root()).into_iter().filter(|path| path.ends_with(digest.hex())) {
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(path.file_name().unwrap(), &path).unwrap();
    }
    let read = reapi::BatchReadBlobsRequest { digests: vec![wire(&digest)], ..Default::default() };
    let read = fixture.storage().batch_read_blobs(read).await.unwrap().into_inner();
    let status = read.responses[0].status.clone().unwrap();
    assert_eq!(Code::from(status.code), Code::Internal);
    let store = fixture.cas.root().display().to_string();
    assert!(!status.message.contains(&store), "{}", status.message);
}
