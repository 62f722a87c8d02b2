use spec_cas::{Cas, TreeBuilder};
use spec_model::Digest;
use spec_model::tree::Directory;

use super::action::{outputs, way_between, writable};
use super::contract::BatchCommand;
use super::input_tree::{Way, input_root, look, with_output};
use super::not_an_action::NotAnAction;
use super::program::check_program;
use super::script::{read_progress, scripts};
use crate::root::WriteAccess;

fn command(text: &str, environment: &[(&str, &str)]) -> BatchCommand {
    BatchCommand {
        heading: format!("commands: {text}"),
        argv: ["sh", "-c", text].map(str::to_owned).to_vec(),
        environment: environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    }
}

fn list(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

/// A store with a tree of empty files; a `/` at the end makes a directory, a target after `->` a link.
fn tree(entries: &[&str]) -> (tempfile::TempDir, Cas, Digest) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("cas")).expect("a store");
    let empty = cas.put_bytes(b"").expect("the store takes it");
    let mut builder = TreeBuilder::new();
    for entry in entries {
        let added = match (entry.strip_suffix('/'), entry.split_once("->")) {
            (_, Some((path, target))) => builder.add_symlink(path, target),
            (Some(path), _) => builder.add_directory(path),
            _ => builder.add_file(entry, empty, true),
        };
        added.expect("the path is good");
    }
    let root = builder.store(&cas).expect("the store takes it");
    (folder, cas, root)
}

fn said(cas: &Cas, root: &Digest, path: &str) -> Option<String> {
    let tree = cas.subtree(root, path).expect("the store works").expect("the directory is there");
    let properties = cas.directory(&tree).expect("it is here").properties.properties.clone();
    properties.into_iter().find(|(name, _)| name == "SubtreeReadOnly").map(|(_, value)| value)
}

#[test]
fn environments_change_from_command_to_command() {
    let commands = [
        command("a", &[("KEPT", "1"), ("CHANGED", "1"), ("GONE", "1"), ("PWD", "/x")]),
        command("it's b", &[("KEPT", "1"), ("CHANGED", "it's 2"), ("NEW", "")]),
    ];
    let scripts = scripts(&commands).expect("a shell can run them");
    assert_eq!(scripts.len(), 1);
    let text = &scripts[0].text;
    assert!(text.contains("(exec 'sh' '-c' 'a') 3>&- || exit $?\n"), "{text}");
    let second = "(unset GONE\nexport CHANGED='it'\\''s 2'\nexport NEW=''\nexec 'sh' '-c' 'it'\\''s b') 3>&- || exit $?\n";
    assert!(text.ends_with(second), "{text}");
}

#[test]
fn variables_that_no_shell_can_set_are_refused() {
    for name in ["a.b", "1A", "", "a-b"] {
        let refused = scripts(&[command("a", &[("GOOD_1", "x")]), command("b", &[(name, "x")])]);
        assert_eq!(refused, Err(NotAnAction::Variable { name: name.to_owned() }));
    }
}

#[test]
fn progress_is_told_from_what_others_write() {
    let stderr = b"spec-host-command 0\na warning\nspec-host-command 12\nspec-host-command x\nlast";
    assert_eq!(read_progress(stderr), (Some(12), b"a warning\nspec-host-command x\nlast".to_vec()));
    assert_eq!(read_progress(b""), (None, Vec::new()));
}

#[test]
fn outputs_are_what_can_be_written() {
    let only = |paths: &[&str]| writable(&WriteAccess::Only(list(paths)));
    assert_eq!(writable(&WriteAccess::Everything(list(&["/a"]))), None);
    assert_eq!(only(&["/b/c/", "/a", "/a"]), Some(list(&["a", "b/c"])));
    assert_eq!(only(&["/a", "/"]), None, "the root is a directory like others");
    assert_eq!(outputs(None), [""]);
    assert_eq!(outputs(Some(&list(&["a", "a/b/c", "ab", "d/e"]))), ["a", "ab", "d/e"]);
    for (from, to, way) in [
        ("", "", "."),
        ("", "a/b", "a/b"),
        ("a/b", "", "../.."),
        ("a/b", "a/b", "."),
        ("a/b", "a/c", "../c"),
        ("build/x", "install", "../../install"),
    ] {
        assert_eq!(way_between(from, to), way, "from '{from}' to '{to}'");
    }
}

#[test]
fn what_an_input_root_says_of_its_directories_is_taken_back() {
    let (_folder, cas, root) = tree(&["bin/sh", "build/sub/", "install/", "tmp/kept"]);
    let writable = list(&["build", "build/sub", "install"]);
    let input = input_root(&cas, &root, Some(&writable)).expect("the store works");
    for (path, expected) in
        [("", "true"), ("dev", "false"), ("proc", "false"), ("tmp", "false"), ("build/sub", "false")]
    {
        assert_eq!(said(&cas, &input, path).as_deref(), Some(expected), "{path}");
    }
    let mut after = root;
    for path in outputs(Some(&writable)) {
        let output = cas.subtree(&input, &path).expect("the store works").expect("it is there");
        after = with_output(&cas, &after, &path, &output, Some(&writable)).expect("the store works");
    }
    assert_eq!(after, root);
    let input = input_root(&cas, &root, None).expect("the store works");
    assert_eq!(said(&cas, &input, "dev"), None);
    assert_ne!(input, root, "there is a place for devices");
    assert_eq!(with_output(&cas, &root, "", &input, None).expect("the store works"), root);
}

#[test]
fn a_directory_that_commands_removed_and_made_again_is_taken_as_it_is() {
    let (_folder, cas, root) = tree(&["build/old"]);
    let new = cas.store_directory(&Directory::default()).expect("the store takes it");
    let writable = list(&["build", "build/sub"]);
    let after = with_output(&cas, &root, "build", &new, Some(&writable)).expect("the store works");
    assert_eq!(cas.subtree(&after, "build").expect("the store works"), Some(new));
}

#[test]
fn links_and_files_are_in_the_way_of_directories() {
    let (_folder, cas, root) = tree(&["lib->usr/lib", "usr/lib/", "file"]);
    let found = |path: &str| match look(&cas, &root, path).expect("the store works") {
        Way::There => "there",
        Way::Missing => "missing",
        Way::Blocked(NotAnAction::Blocked { found, .. }) => found,
        Way::Blocked(_) => "blocked",
    };
    let looks = ["", "usr/lib", "usr/new/deep", "lib/new", "file/new"].map(found);
    assert_eq!(looks, ["there", "there", "missing", "symbolic link", "file"]);
}

#[test]
fn programs_are_found_over_links() {
    let (_folder, cas, root) =
        tree(&["usr/bin/sh", "bin->usr/bin", "a->/b", "b->a", "src/script", "usr/bin/folder/"]);
    let path = [("PATH".to_owned(), "relative:/nowhere:/bin/".to_owned())];
    let here = |program: &str| check_program(&cas, &root, program, &path, "/src").is_ok();
    let there = ["sh", "/bin/sh", "./script", "/src/../bin/sh"];
    assert!(there.into_iter().all(here));
    assert!(!["nothing", "/a", "./sh", "folder", "/bin/folder"].into_iter().any(here));
    assert!(check_program(&cas, &root, "sh", &[], "/").is_err(), "there is no PATH");
}
