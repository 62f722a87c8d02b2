//! What is brought back of an action.

use spec_model::{ActionResult, SymlinkKind};

use super::fixture::{Draft, Fixture};

/// Every output on a line: `file PATH TEXT`, `exec PATH TEXT`, `link PATH TARGET`, `tree PATH DIGEST`.
fn listing(fixture: &Fixture, result: &ActionResult) -> Vec<String> {
    let file = |file: &spec_model::OutputFile| {
        let kind = if file.executable { "exec" } else { "file" };
        format!("{kind} {} {}", file.path, fixture.text(&file.digest).trim())
    };
    let mut lines: Vec<String> = result.files.iter().map(file).collect();
    lines.extend(result.symlinks.iter().map(|link| format!("link {} {}", link.path, link.target)));
    let roots = result.directories.iter().map(|tree| (&tree.path, tree.root.expect("it was asked for")));
    lines.extend(roots.map(|(path, root)| format!("tree {path} {root:?}")));
    lines
}

fn check(fixture: &Fixture, draft: Draft, expected: &[&str]) {
    let draft = draft.with(|draft| draft.command.output_directory_format = 2);
    let result = fixture.run(&draft).expect("the action runs");
    assert_eq!(result.exit_code, 0, "{:?}: {result:?}", draft.command.arguments);
    assert_eq!(listing(fixture, &result), expected, "{:?}", draft.command.arguments);
}

#[test]
fn outputs_come_back_whatever_they_are() {
    for fixture in &Fixture::all() {
        let tree = |entries: &[(&str, &str)]| format!("tree d {:?}", fixture.tree(entries));
        let full = tree(&[("e/a", "1\n"), ("empty/", ""), ("l", "->a"), ("x*", "")]);
        let table: [(&str, &[&str], &[&str]); 11] = [
            ("echo 1 > a", &["a"], &["file a 1"]),
            ("echo 1 > a", &["a", "b"], &["file a 1"]),
            (": > a", &["a"], &["file a "]),
            ("echo 1 > d/e/a", &["d/e/a"], &["file d/e/a 1"]),
            ("echo 1 > a; chmod +x a", &["a"], &["exec a 1"]),
            ("ln -s nowhere a", &["a"], &["link a nowhere"]),
            ("mkdir d", &["d"], &[&tree(&[])]),
            ("mkdir -p d/e d/empty; echo 1 > d/e/a; ln -s a d/l; : > d/x; chmod +x d/x", &["d"], &[&full]),
            ("echo 1 > /tmp/a", &["tmp/a"], &["file tmp/a 1"]),
            // A link on the way is followed inside, and cannot lead out; nor round and round.
            ("echo 1 > bin/new", &["merged/new"], &["file merged/new 1"]),
            ("ln -s /../../../../etc out; ln -s loop loop", &["out/passwd", "loop/a"], &[]),
        ];
        for (script, outputs, expected) in table {
            check(fixture, fixture.script(script, outputs), expected);
        }
        // As trexe names the root.
        check(fixture, fixture.script("echo 1 > a", &["a"]).cwd("."), &["file a 1"]);
    }
}

#[test]
fn the_input_root_lies_over_the_chroot() {
    for fixture in &Fixture::all() {
        let inputs = [("w/in", "1\n"), ("w/run*", "#!/bin/sh\necho ran > made\n"), ("w/dir/old", "2\n")];
        let inputs = fixture.tree(&inputs);
        let draft = |script, outputs| fixture.script(script, outputs).inputs(inputs).cwd("w");
        let tree = |entries| format!("tree dir {:?}", fixture.tree(entries));
        let both = tree(&[("new", "3\n"), ("old", "2\n")]);
        let table: [(&str, &[&str], &[&str]); 6] = [
            ("read a < in; echo $a$a > out", &["out"], &["file out 11"]),
            ("./run", &["made"], &["file made ran"]),
            ("echo 2 >> in", &["in"], &["file in 1\n2"]),
            (":", &["in"], &["file in 1"]),
            ("echo 3 > dir/new", &["dir"], &[&both]),
            ("rm -r dir; mkdir dir", &["dir"], &[&tree(&[])]),
        ];
        for (script, outputs, expected) in table {
            check(fixture, draft(script, outputs), expected);
        }
        // Behind a link of the chroot nothing gets lost.
        let over =
            fixture.script("merged/sh -c 'read a < bin/in; echo $a > merged/out'", &["bin/out", "merged/in"]);
        let expected = ["file bin/out 1", "file merged/in 1"];
        check(fixture, over.inputs(fixture.tree(&[("merged/in", "1\n")])), &expected);
        // The same with an input root that is a layer of its own.
        let many: Vec<(String, &str)> = (0..500).map(|n| (format!("w/many/{n}"), "")).collect();
        let mut many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        many.extend([("w/in", "1\n"), ("w/run*", "#!/bin/sh\necho ran > made\n"), ("w/dir/old", "2\n")]);
        let large = fixture.tree(&many);
        for (script, outputs, expected) in table {
            check(fixture, draft(script, outputs).inputs(large), expected);
        }
    }
}

#[test]
fn without_a_chroot_the_input_root_is_all_there_is() {
    let fixture = &Fixture::new();
    let draft = fixture.script("echo 1 > a; : > bin/ln; echo 2 > d/b", &["a", "bin/ln", "d/b"]);
    let draft = draft.inputs(fixture.chroot).with(|draft| draft.properties.clear());
    check(fixture, draft, &["file a 1", "exec bin/ln ", "file d/b 2"]);
}

#[test]
fn older_lists_tell_files_and_directories_apart() {
    let fixture = &Fixture::new();
    #[allow(deprecated)]
    let draft = |script| {
        fixture.script(script, &[]).with(|draft| {
            draft.command.output_files = vec!["o/f".to_owned()];
            draft.command.output_directories = vec!["p/d".to_owned()];
        })
    };
    let made = format!("tree p/d {:?}", fixture.tree(&[("a", "2\n")]));
    check(fixture, draft("echo 1 > o/f; mkdir p/d; echo 2 > p/d/a"), &["file o/f 1", &made]);
    check(
        fixture,
        draft("ln -s ../bin/sh o/f; ln -s ../bin p/d"),
        &["link o/f ../bin/sh", "link p/d ../bin"],
    );
    let links =
        fixture.run(&draft("ln -s ../bin/sh o/f; ln -s ../bin p/d")).expect("the action runs").symlinks;
    assert_eq!([links[0].kind, links[1].kind], [SymlinkKind::ToFile, SymlinkKind::ToDirectory]);
    for script in ["mkdir o/f", "echo 1 > p/d"] {
        assert_eq!(fixture.run(&draft(script)), Err("action-bad-output".to_owned()), "{script}");
    }
}

#[test]
fn directories_are_described_as_asked_for() {
    let fixture = &Fixture::new();
    for (format, tree, root) in [(0, true, false), (1, false, true), (2, true, true)] {
        let draft = fixture.script("echo 1 > d/a", &["d/a", "d"]);
        let draft = draft.with(|draft| draft.command.output_directory_format = format);
        let result = fixture.run(&draft).expect("the action runs");
        let found = &result.directories[0];
        assert_eq!((found.tree.is_some(), found.root.is_some()), (tree, root), "format {format}");
        if let Some(message) = found.tree {
            let files = fixture.cas.files_of_tree_message(&message).expect("it is a tree");
            assert_eq!(files, [fixture.blob("1\n")]);
        }
    }
}

#[test]
fn properties_come_with_outputs_that_ask_for_them() {
    let fixture = &Fixture::new();
    let script = "echo 1 > a; chmod 700 a; mkdir d; echo 2 > d/b; chmod 600 d/b";
    let draft = fixture.script(script, &["a", "d"]).with(|draft| {
        draft.command.output_directory_format = 1;
        draft.command.output_node_properties = vec!["mtime".to_owned(), "unix_mode".to_owned()];
    });
    let result = fixture.run(&draft).expect("the action runs");
    assert_eq!(result.files[0].properties.unix_mode, Some(0o700));
    assert!(result.files[0].properties.mtime.is_some());
    let root = result.directories[0].root.expect("it was asked for");
    let directory = fixture.cas.directory(&root).expect("it is here");
    assert_eq!(directory.files[0].properties.unix_mode, Some(0o600));
    assert!(directory.properties.unix_mode.is_some());
    let plain = fixture.run(&fixture.script(script, &["a"])).expect("the action runs");
    assert!(plain.files[0].properties.is_empty());
}
