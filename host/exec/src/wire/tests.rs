use std::time::{Duration, SystemTime};

use spec_model::tree::NodeProperties;
use spec_model::{
    ActionResult, ActionUsage, Captured, Digest, ExecutionMetadata, OutputDirectory, OutputFile,
    OutputSymlink, Outputs, Span, SymlinkKind,
};
use spec_proto::{reapi, well_known};

use super::{
    action, action_result, action_result_from_bytes, action_result_to_bytes, action_result_to_proto, command,
    digest_to_proto,
};

#[test]
fn a_result_comes_back_as_it_went() {
    let time = |offset: i64| {
        let whole = Duration::from_nanos(offset.unsigned_abs());
        Some(if offset < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole })
    };
    let properties = NodeProperties {
        properties: vec![("a".to_owned(), "b".to_owned())],
        mtime: Some((-3, 5)),
        unix_mode: Some(0o644),
    };
    let digest = Digest::of(b"x");
    let link = |path: &str, kind| OutputSymlink {
        path: path.to_owned(),
        target: "t".to_owned(),
        kind,
        properties: NodeProperties::default(),
    };
    let result = ActionResult {
        files: vec![OutputFile {
            path: "f".to_owned(),
            digest,
            executable: true,
            properties,
            contents: b"x".to_vec(),
        }],
        directories: vec![OutputDirectory {
            path: "d".to_owned(),
            tree: Some(digest),
            topologically_sorted: true,
            root: Some(digest),
        }],
        symlinks: vec![
            link("a", SymlinkKind::ToFile),
            link("b", SymlinkKind::ToDirectory),
            link("c", SymlinkKind::Plain),
        ],
        exit_code: -1,
        stdout: Captured { raw: b"out".to_vec(), digest: Some(digest) },
        stderr: Captured::default(),
        metadata: ExecutionMetadata {
            worker: "w".to_owned(),
            queued: time(-1_500_000_001),
            worked: Span { start: time(0), end: time(1_999_999_999) },
            fetched: Span { start: time(-1_000_000_000), end: None },
            executed: Span::default(),
            uploaded: Span { start: None, end: time(7) },
            virtual_duration: Some(Duration::from_millis(1500)),
            usage: Some(ActionUsage {
                user: Duration::from_micros(5),
                system: Duration::from_secs(1),
                max_rss: 4096,
            }),
            auxiliary: vec![("type/other".to_owned(), vec![1, 2])],
        },
        subactions: Vec::new(),
    };
    assert_eq!(action_result(action_result_to_proto(&result)), Ok(result.clone()));
    let result = ActionResult { subactions: vec![digest, Digest::of(b"y")], ..result };
    assert_eq!(action_result_from_bytes(&action_result_to_bytes(&result)), Ok(result));
}

#[test]
fn what_is_wrong_with_an_action_is_said() {
    let some = Some(digest_to_proto(&Digest::of(b"")));
    let good = reapi::Action {
        command_digest: some.clone(),
        input_root_digest: some.clone(),
        ..reapi::Action::default()
    };
    assert!(action(good.clone()).is_ok());
    let with_digest = |hash: &str, size_bytes| reapi::Action {
        command_digest: Some(reapi::Digest { hash: hash.to_owned(), size_bytes }),
        ..good.clone()
    };
    let negative = Some(well_known::Duration { seconds: -1, nanos: 0 });
    let table = [
        (reapi::Action { command_digest: None, ..good.clone() }, "command_digest is not set"),
        (reapi::Action { input_root_digest: None, ..good.clone() }, "input_root_digest is not set"),
        (with_digest("abc", 1), "command_digest has the hash 'abc'"),
        (with_digest(&"A".repeat(64), 1), "lower-case"),
        (with_digest(&"a".repeat(64), -1), "negative size -1"),
        (reapi::Action { timeout: negative, ..good.clone() }, "timeout is negative"),
    ];
    for (message, expected) in table {
        let error = action(message).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
#[allow(deprecated)]
fn old_and_new_outputs_are_told_apart() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let read = |paths: &[&str], files: &[&str], directories: &[&str]| {
        let message = reapi::Command {
            output_paths: list(paths),
            output_files: list(files),
            output_directories: list(directories),
            ..reapi::Command::default()
        };
        command(message).map(|command| command.outputs)
    };
    assert_eq!(read(&["a"], &[], &[]), Ok(Outputs::Paths(list(&["a"]))));
    assert_eq!(read(&[], &[], &[]), Ok(Outputs::Paths(list(&[]))));
    let typed = Outputs::Typed { files: list(&["f"]), directories: list(&["d"]) };
    assert_eq!(read(&[], &["f"], &["d"]), Ok(typed));
    assert_eq!(read(&["a"], &["f"], &[]), Ok(Outputs::Paths(list(&["a"]))));
    let unknown = reapi::Command { output_directory_format: 9, ..reapi::Command::default() };
    assert!(command(unknown).is_err());
}

/// A client's message has room for so many links in each list.
#[test]
#[allow(deprecated)]
fn a_link_in_several_lists_is_one_however_many_there_are() {
    let links = |from: usize| {
        let link = |number| reapi::OutputSymlink {
            path: format!("l{number}"),
            target: "t".to_owned(),
            ..Default::default()
        };
        (from..from + 100_000).map(link).collect::<Vec<_>>()
    };
    let message = reapi::ActionResult {
        output_file_symlinks: links(0),
        output_symlinks: links(50_000),
        ..Default::default()
    };
    let start = std::time::Instant::now();
    let result = action_result(message).expect("it is good");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(result.symlinks.len(), 150_000);
    let to_files = result.symlinks.iter().filter(|link| link.kind == SymlinkKind::ToFile).count();
    assert_eq!(to_files, 100_000);
}
