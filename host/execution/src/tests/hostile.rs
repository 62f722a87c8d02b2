//! Actions that are wrong, and stores that lack something.

use spec_action::wire::digest_to_proto;
use spec_model::Digest;
use spec_model::UserError;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_proto::reapi;

use super::fixture::{Draft, Fixture, request};

use crate::outcome::ActionError;

fn file(name: &str, digest: Digest) -> FileNode {
    FileNode { name: name.to_owned(), digest, executable: false, properties: NodeProperties::default() }
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let fixture = &Fixture::new();
    let [a, b, c] = ["absent a", "absent b", "absent c"].map(|text| Digest::of(text.as_bytes()));
    let child = Directory { files: vec![file("x", a), file("y", b)], ..Directory::default() };
    let child = fixture.cas.store_directory(&child).expect("the store takes it");
    let directories = [("d", child), ("e", c)];
    let root = Directory {
        directories: directories.map(|(name, digest)| DirectoryNode { name: name.to_owned(), digest }).into(),
        ..Directory::default()
    };
    let root = fixture.cas.store_directory(&root).expect("the store takes it");
    let mut expected = vec![a, b, c];
    expected.sort_unstable();
    assert_eq!(
        fixture.error(&fixture.script(":", &[]).inputs(root)),
        ActionError::Missing { digests: expected }
    );
    let digests = vec![a];
    let chroot = fixture.script(":", &[]).with(|draft| draft.properties[0].1 = a.to_string());
    assert_eq!(fixture.error(&chroot), ActionError::Missing { digests: digests.clone() });
    let command =
        fixture.script(":", &[]).with(|draft| draft.action.command_digest = Some(digest_to_proto(&a)));
    assert_eq!(fixture.error(&command), ActionError::Missing { digests: digests.clone() });
    let refused = fixture.pool(1, 1).submit(&request(a), |_| ()).map(drop);
    assert_eq!(refused, Err(ActionError::Missing { digests }));
}

/// What a client is told of must not lead to files of this machine.
fn names_no_host(fixture: &Fixture, name: &str, error: &ActionError) {
    let text = error.to_string();
    let store = fixture.cas.root().display().to_string();
    assert!(
        !text.contains(&store) && !text.contains("/dev/shm/spec-host") && !text.contains("/tmp/"),
        "{name}: {text}"
    );
    assert!(text.len() < 2000, "{name}: {} bytes", text.len());
}

#[test]
fn trees_that_no_folder_can_hold_are_refused() {
    let fixture = &Fixture::new();
    let with = |properties: NodeProperties| Directory {
        files: vec![FileNode { properties, ..file("a", Digest::of(b"")) }],
        ..Directory::default()
    };
    let time =
        |seconds, nanos| with(NodeProperties { mtime: Some((seconds, nanos)), ..NodeProperties::default() });
    let link = |target: String| Directory {
        symlinks: vec![SymlinkNode { name: "a".to_owned(), target, properties: NodeProperties::default() }],
        ..Directory::default()
    };
    let marked = |name: &str| {
        let properties = vec![("SubtreeReadOnly".to_owned(), "true".to_owned())];
        let properties = NodeProperties { properties, ..NodeProperties::default() };
        let below = Directory { properties, ..Directory::default() };
        let digest = fixture.cas.store_directory(&below).expect("the store takes it");
        let child = |name: &str| DirectoryNode { name: name.to_owned(), digest };
        let inner = Directory {
            directories: (0..2000).map(|n| child(&format!("{n:04}"))).collect(),
            ..Directory::default()
        };
        match name {
            "many" => inner,
            name => {
                let inner = Directory { directories: vec![child("x")], ..Directory::default() };
                let digest = fixture.cas.store_directory(&inner).expect("the store takes it");
                let directories = vec![DirectoryNode { name: name.to_owned(), digest }];
                Directory { directories, ..Directory::default() }
            }
        }
    };
    for (name, tree) in [
        (
            "long name",
            Directory { files: vec![file(&"n".repeat(256), Digest::of(b""))], ..Directory::default() },
        ),
        ("NUL in a name", Directory { files: vec![file("a\0b", Digest::of(b""))], ..Directory::default() }),
        ("too many nanoseconds", time(0, 1_000_000_000)),
        ("negative nanoseconds", time(0, -1)),
        ("time before all years", time(i64::MIN, 0)),
        ("time after all years", time(i64::MAX, 0)),
        ("no mode", with(NodeProperties { unix_mode: Some(u32::MAX), ..NodeProperties::default() })),
        ("long link", link("t".repeat(4096))),
        ("link with NUL", link("a\0".to_owned())),
        ("link to nowhere", link(String::new())),
        ("read-only below /proc", marked("proc")),
        ("many read-only", marked("many")),
    ] {
        let root = fixture.cas.store_directory(&tree).expect("the store takes it");
        let error = fixture.error(&fixture.script(":", &[]).inputs(root));
        assert_eq!(error.reason(), "action-invalid", "{name}: {error}");
        names_no_host(fixture, name, &error);
    }
    // The oldest and the newest that a file system has, or comes near to.
    for seconds in [-62_135_596_800, -1, 253_402_300_799] {
        let root = fixture.cas.store_directory(&time(seconds, 999_999_999)).expect("the store takes it");
        assert!(fixture.run(&fixture.script(":", &[]).inputs(root)).is_ok(), "{seconds}");
    }
}

#[test]
fn outputs_deeper_than_paths_may_be_are_told_of() {
    let fixture = &Fixture::new();
    let name = "n".repeat(200);
    // Step by step the kernel lets anybody go as deep as he likes.
    let script = format!(
        "PATH=/bin; i=0; while [ $i -lt 40 ]; do i=$((i+1)); mkdir {name}; cd {name}; done; echo > a"
    );
    let result = fixture.answer(&fixture.script(&script, &[&name]));
    match result {
        Ok(done) => assert_eq!(done.result.directories.len(), 1),
        Err(error) => {
            assert!(
                ["action-invalid", "action-bad-output", "action-too-large"].contains(&error.reason()),
                "{error}"
            );
            names_no_host(fixture, "deep output", &error);
        }
    }
    let script = "PATH=/bin; i=0; while [ $i -lt 400 ]; do i=$((i+1)); mkdir d; cd d; done";
    let error = fixture.error(&fixture.script(script, &["d"]));
    assert_eq!(error.reason(), "action-too-large", "{error}");
}

#[test]
fn trees_that_are_none_are_refused() {
    let fixture = &Fixture::new();
    let empty = Digest::of(b"");
    let shapes = [
        Directory { files: vec![file("b", empty), file("a", empty)], ..Directory::default() },
        Directory { files: vec![file("a", empty), file("a", empty)], ..Directory::default() },
        Directory { files: vec![file("..", empty)], ..Directory::default() },
        Directory { files: vec![file("a/b", empty)], ..Directory::default() },
        Directory { files: vec![file("", empty)], ..Directory::default() },
    ];
    let mut roots: Vec<Digest> =
        shapes.iter().map(|shape| fixture.cas.store_directory(shape).expect("the store takes it")).collect();
    roots.push(fixture.blob("this is no directory"));
    for root in roots {
        assert_eq!(fixture.error(&fixture.script(":", &[]).inputs(root)).reason(), "action-invalid");
    }
    // Deeper than any path can be.
    let nest = |below: Digest, _: i32| {
        let directories = vec![DirectoryNode { name: "d".to_owned(), digest: below }];
        let directory = Directory { directories, ..Directory::default() };
        fixture.cas.store_directory(&directory).expect("the store takes it")
    };
    let deep = (0..300).fold(empty, nest);
    let refused =
        |draft: &Draft| ["action-invalid", "action-too-large"].contains(&fixture.error(draft).reason());
    assert!(refused(&fixture.script(":", &[]).inputs(deep)));
    // Little to send, and more than any disk holds; as an input root, as the tree below, and as both.
    let double = |below: Digest, _: i32| {
        let node = |name: &str| DirectoryNode { name: name.to_owned(), digest: below };
        let directory = Directory { directories: vec![node("a"), node("b")], ..Directory::default() };
        fixture.cas.store_directory(&directory).expect("the store takes it")
    };
    let huge = (0..40).fold(empty, double);
    let below =
        |tree: Digest| fixture.script(":", &[]).with(|draft| draft.properties[0].1 = tree.to_string());
    for draft in [fixture.script(":", &[]).inputs(huge), below(huge), below(huge).inputs(huge)] {
        assert!(refused(&draft));
    }
}

#[test]
fn actions_that_ask_for_the_impossible_are_refused() {
    let fixture = &Fixture::new();
    let plain = || fixture.script(":", &[]);
    #[allow(deprecated)]
    let typed = |files: &[&str], directories: &[&str]| {
        let list = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let (files, directories): (Vec<_>, Vec<_>) = (list(files), list(directories));
        plain().with(|draft| {
            draft.command.output_files = files;
            draft.command.output_directories = directories;
        })
    };
    let long = "n".repeat(5000);
    let deep = format!("{0}/{0}/{0}/{0}/{0}/{0}/{0}/{0}/{0}/{0}", "n".repeat(250));
    let variable = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        plain().with(|draft| {
            draft.command.environment_variables.push(reapi::command::EnvironmentVariable { name, value });
        })
    };
    let timeout = |seconds, nanos| {
        plain().with(|draft| draft.action.timeout = Some(spec_proto::well_known::Duration { seconds, nanos }))
    };
    let bad = [
        ("absolute output", fixture.script(":", &["/etc/passwd"])),
        ("output above", fixture.script(":", &["../a"])),
        ("output inside above", fixture.script(":", &["a/../../b"])),
        ("long output", fixture.script(":", &[&long])),
        ("output twice", fixture.script(":", &["a", "a/"])),
        ("file above file", typed(&["a", "a/b"], &[])),
        ("file and directory", typed(&["a"], &["a"])),
        ("absolute cwd", plain().cwd("/w")),
        ("cwd above", plain().cwd("../w")),
        ("cwd is a file", plain().cwd("bin/sh")),
        ("directory over a file", plain().inputs(fixture.tree(&[("bin/sh/a", "")]))),
        ("file over a directory", plain().inputs(fixture.tree(&[("bin", "")]))),
        ("no arguments", plain().with(|draft| draft.command.arguments.clear())),
        ("NUL in an argument", plain().with(|draft| draft.command.arguments.push("\0".to_owned()))),
        ("empty program", plain().with(|draft| draft.command.arguments = vec![String::new()])),
        ("long argument", plain().with(|draft| draft.command.arguments.push("a".repeat(128 << 10)))),
        (
            "many arguments",
            plain().with(|draft| draft.command.arguments.extend(vec!["a".repeat(1000); 10_000])),
        ),
        (
            "more than the stack",
            plain().with(|draft| {
                draft.command.arguments.extend(vec!["a".repeat(100_000); 45]);
            }),
        ),
        ("variable without a name", variable("", "x")),
        ("variable with =", variable("a=b", "x")),
        ("NUL in a variable", variable("a", "\0")),
        ("long variable", variable("a", &"a".repeat(128 << 10))),
        ("long path from the root", fixture.script(":", &[&deep]).cwd(&deep)),
        ("output below /proc", fixture.script(":", &["proc/no/such/file"])),
        ("cwd below /dev", plain().cwd("dev/null/x")),
        ("socket below /proc", plain().property("remoteApisSocketPath", "/proc/self/a")),
        ("socket below /dev", plain().property("remoteApisSocketPath", "/dev/shm/a")),
        ("long socket", plain().property("remoteApisSocketPath", &format!("/{}", "s".repeat(107)))),
        ("no socket", plain().property("remoteApisSocketPath", "/")),
        ("time-out of too many nanoseconds", timeout(1, 1_000_000_000)),
        ("negative time-out", timeout(-1, 0)),
        ("time-out of negative nanoseconds", timeout(1, -1)),
        ("unknown property", plain().property("container-image", "x")),
        ("unknown format", plain().with(|draft| draft.command.output_directory_format = 7)),
    ];
    for (name, draft) in bad {
        let error = fixture.error(&draft);
        assert_eq!(error.reason(), "action-invalid", "{name}");
        names_no_host(fixture, name, &error);
    }
    assert_eq!(fixture.run(&plain().property("ISA", "z80")), Err("action-no-worker".to_owned()));
}

#[test]
fn what_is_no_action_is_refused() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 1);
    for text in ["\u{7}garbage", ""] {
        let refused = pool.submit(&request(fixture.blob(text)), |_| ()).map(drop);
        assert_eq!(refused.map_err(|error| error.reason().to_owned()), Err("action-invalid".to_owned()));
    }
    let huge = Digest::new([7; 32], u64::MAX);
    assert!(pool.submit(&request(huge), |_| ()).is_err());
    let bad = reapi::Digest { hash: "x".to_owned(), size_bytes: 1 };
    let draft = fixture.script(":", &[]).with(|draft| draft.action.input_root_digest = Some(bad));
    assert_eq!(fixture.error(&draft).reason(), "action-invalid");
}

#[test]
fn special_files_are_left_out_and_told() {
    let fixture = &Fixture::new();
    for (script, outputs, told) in [
        ("mkfifo a; echo x > b", ["a", "b"], "/a (named pipe)"),
        ("mkdir d; mkfifo d/a; echo x > b", ["d", "b"], "/d/a (named pipe)"),
    ] {
        let draft = fixture.script(&format!("PATH=/bin; {script}"), &outputs);
        let done = fixture.answer(&draft).expect("the command did well");
        let files: Vec<_> = done.result.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(files, ["b"], "{script}");
        let report = done.report.as_deref().unwrap_or_default();
        assert!(report.contains(told), "{script}: {report}");
    }
}

#[test]
fn modes_do_not_keep_outputs_back() {
    let fixture = &Fixture::new();
    let script =
        "PATH=/bin; mkdir -p d/e; echo x > d/e/f; echo x > b; chmod 0 d/e/f b; chmod 0 d/e; chmod 555 d";
    let result = fixture.run(&fixture.script(script, &["d", "b", "d/e/f"])).expect("the action runs");
    assert_eq!((result.files.len(), result.directories.len()), (2, 1), "{result:?}");
    assert!(result.files.iter().all(|file| file.digest == Digest::of(b"x\n") && !file.executable));
}

#[test]
fn names_that_are_not_utf8_are_no_outputs() {
    let fixture = &Fixture::new();
    let error = fixture.error(&fixture.script("mkdir d; echo > d/$(printf 'caf\\351')", &["d"]));
    assert_eq!(error.reason(), "action-bad-output");
    assert!(error.to_string().contains("'/d/caf\\xe9'"), "{error}");
}

#[test]
fn the_host_cannot_be_reached_by_links() {
    let fixture = &Fixture::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outside = folder.path().join("secret");
    std::fs::write(&outside, "secret").expect("the folder is ours");
    let target = outside.display();
    let script =
        format!("ln -s {target} a; mkdir d; ln -s {} d/up; ln -s {target} d/f", folder.path().display());
    let result = fixture.run(&fixture.script(&script, &["a", "d", "d/up/secret"])).expect("the action runs");
    assert!(result.files.is_empty(), "{result:?}");
    assert_eq!(result.symlinks.len(), 1);
}
