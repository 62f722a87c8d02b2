use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use spec_model::tree::NodeProperties;
use spec_model::{
    Action, ActionResult, ActionUsage, Command, Digest, DirectoryFormat, ExecutionMetadata, OutputDirectory,
    OutputFile, OutputSymlink, Outputs, Platform, StreamOutput, SymlinkKind, TimeSpan,
};
use spec_proto::{reapi, well_known};

use super::{
    action, action_result, action_result_from_bytes, action_result_to_bytes, action_result_to_proto,
    action_to_proto, command, command_to_proto, digest_to_proto,
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
        stdout: StreamOutput { raw: b"out".to_vec(), digest: Some(digest) },
        stderr: StreamOutput::default(),
        metadata: ExecutionMetadata {
            worker: "w".to_owned(),
            queued: time(-1_500_000_001),
            worked: TimeSpan { start: time(0), end: time(1_999_999_999) },
            fetched: TimeSpan { start: time(-1_000_000_000), end: None },
            executed: TimeSpan::default(),
            uploaded: TimeSpan { start: None, end: time(7) },
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

fn platforms() -> impl Strategy<Value = Option<Platform>> {
    let property = ("[A-Za-z]{1,5}", "[a-z0-9]{0,5}");
    prop::option::of(prop::collection::vec(property, 0..4))
        .prop_map(|properties| properties.map(|properties| Platform { properties }))
}

fn outputs_of_commands() -> impl Strategy<Value = Outputs> {
    let paths = || prop::collection::vec("[a-z./]{0,6}", 0..3);
    prop_oneof![
        paths().prop_map(Outputs::Paths),
        // Without any, no list says which of them it is.
        (prop::collection::vec("[a-z./]{0,6}", 1..3), paths())
            .prop_map(|(files, directories)| Outputs::Typed { files, directories }),
    ]
}

proptest! {
    #[test]
    fn an_action_comes_back_as_it_went(
        (hash, size, timeout) in any::<([u8; 32], u32, Option<(u32, u16)>)>(),
        do_not_cache in any::<bool>(),
        salt in prop::collection::vec(any::<u8>(), 0..4),
        platform in platforms(),
    ) {
        let sent = Action {
            command: Digest::new(hash, size.into()),
            input_root: Digest::of(&hash),
            timeout: timeout.map(|(seconds, nanos)| Duration::new(seconds.into(), nanos.into())),
            do_not_cache,
            salt,
            platform,
        };
        prop_assert_eq!(action(action_to_proto(&sent)), Ok(sent));
    }

    #[test]
    fn a_command_comes_back_as_it_went(
        arguments in prop::collection::vec(".{0,5}", 0..4),
        environment in prop::collection::vec(("[A-Z]{1,4}", ".{0,5}"), 0..4),
        working_directory in "[a-z/]{0,8}",
        outputs in outputs_of_commands(),
        platform in platforms(),
        output_node_properties in prop::collection::vec("mtime|unix_mode", 0..3),
        directory_format in prop::sample::select(vec![
            DirectoryFormat::Tree, DirectoryFormat::Directory, DirectoryFormat::Both,
        ]),
    ) {
        let sent = Command {
            arguments, environment, working_directory, outputs, platform, output_node_properties, directory_format,
        };
        prop_assert_eq!(command(command_to_proto(&sent)), Ok(sent));
    }
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

fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![Just(".."), Just("."), Just(""), Just("a"), Just("b"), Just("a\0")];
    prop::collection::vec(step, 0..4).prop_map(|steps| steps.join("/"))
}

proptest! {
    #[test]
    fn what_is_taken_of_results_has_each_output_once(
        files in prop::collection::vec(path(), 0..3),
        directories in prop::collection::vec(path(), 0..2),
        links in prop::collection::vec((path(), 0..3usize), 0..3),
    ) {
        let link = |path: &String| reapi::OutputSymlink {
            path: path.clone(),
            target: "t".to_owned(),
            node_properties: None,
        };
        let of = |kind| links.iter().filter(|(_, of)| *of == kind).map(|(path, _)| link(path)).collect();
        let some = Some(digest_to_proto(&Digest::of(b"")));
        let file =
            |path: &String| reapi::OutputFile { path: path.clone(), digest: some.clone(), ..Default::default() };
        let directory = |path: &String| reapi::OutputDirectory { path: path.clone(), ..Default::default() };
        #[allow(deprecated)]
        let message = reapi::ActionResult {
            output_files: files.iter().map(file).collect(),
            output_directories: directories.iter().map(directory).collect(),
            output_symlinks: of(0),
            output_file_symlinks: of(1),
            output_directory_symlinks: of(2),
            ..Default::default()
        };
        let Ok(result) = action_result(message) else { return Ok(()) };
        // Where a walk leads from a folder that is deep enough.
        let way = |path: &str| {
            let mut way = vec!["w"; 8];
            path.split('/').for_each(|step| match step {
                "" | "." => {}
                ".." => _ = way.pop(),
                name => way.push(name),
            });
            way.join("/")
        };
        let links = result.symlinks.iter().map(|link| &link.path);
        let leaves: Vec<String> = result.files.iter().map(|file| &file.path).chain(links).map(|path| way(path)).collect();
        let folders = result.directories.iter().map(|directory| way(&directory.path));
        let mut all: Vec<String> = leaves.iter().cloned().chain(folders).collect();
        prop_assert!(all.iter().all(|path| !path.contains('\0')));
        prop_assert!(leaves.iter().all(|path| !path.ends_with('w')), "a leaf has a name: {leaves:?}");
        let count = all.len();
        all.sort();
        all.dedup();
        prop_assert_eq!(all.len(), count);
        let in_file = |path: &String| {
            result.files.iter().any(|file| path.starts_with(&format!("{}/", way(&file.path))))
        };
        prop_assert!(!all.iter().any(in_file));
        prop_assert_eq!(action_result(action_result_to_proto(&result)), Ok(result));
    }

    #[test]
    fn times_are_what_the_protocol_says(seconds in any::<i64>(), nanos in any::<i32>(), near in -2..2i64) {
        for seconds in [seconds, near, -62_135_596_800 + near, 253_402_300_799 + near, 315_576_000_000 + near] {
            let (whole, part) = ((-62_135_596_800..=253_402_300_799).contains(&seconds), (0..1_000_000_000).contains(&nanos));
            let message = well_known::Timestamp { seconds, nanos };
            prop_assert_eq!(super::check_timestamp("t", &message).is_ok(), whole && part);
            let took = super::duration("t", &well_known::Duration { seconds, nanos });
            prop_assert_eq!(took.is_ok(), (0..=315_576_000_000).contains(&seconds) && part);
        }
    }
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
