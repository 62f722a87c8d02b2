//! The commands on a small project, as a user runs them.

mod support;

use std::fs;

use support::Project;

#[test]
fn from_nothing_to_a_checkout_and_back() {
    let project = Project::new();
    let states = ["show", "-f", "%{name} %{state}", "top.bst"];
    assert_eq!(project.good(&states), "leaf.bst buildable\ntop.bst waiting\n");
    project.good(&["build", "top.bst"]);
    assert_eq!(project.good(&states), "leaf.bst cached\ntop.bst cached\n");
    let (_, _, again) = project.run(&["build", "top.bst"]);
    assert!(again.ends_with("build: nothing to do\n"), "{again}");
    assert_eq!(
        project.good(&["artifact", "list-contents", "top.bst"]),
        "  top.bst:\n\tdeeper\n\tdeeper/hello.txt\n\n"
    );
    project.good(&["artifact", "checkout", "top.bst", "--directory", "out"]);
    assert_eq!(fs::read_to_string(project.path("out/hello.txt")).ok().as_deref(), Some("hello\n"));
    assert!(project.path("out/deeper/hello.txt").is_file());
    project.good(&["artifact", "delete", "top.bst"]);
    assert_eq!(
        project.good(&["artifact", "show", "--deps", "all", "top.bst"]).matches("not cached").count(),
        1
    );
}

#[test]
fn a_changed_file_changes_the_key_and_is_built_again() {
    let project = Project::new();
    let key = ["show", "-d", "none", "-f", "%{full-key}", "leaf.bst"];
    project.good(&["build", "leaf.bst"]);
    let before = project.good(&key);
    project.write("files/hello.txt", "changed\n");
    assert_ne!(project.good(&key), before);
    let (code, _, stderr) = project.run(&["build", "leaf.bst"]);
    assert!(code == 0 && stderr.contains("build: 1 done"), "{stderr}");
}

#[test]
fn a_failure_is_told_and_what_needs_it_is_skipped() {
    let project = Project::new();
    let (code, _, stderr) = project.run(&["--on-error", "continue", "build", "above.bst", "leaf.bst"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("error[missing-directory]: build of broken.bst failed"), "{stderr}");
    assert!(stderr.contains("build: 1 done, 1 failed, 1 skipped"), "{stderr}");
}

#[test]
fn events_are_lines_of_json_from_start_to_end() {
    let project = Project::new();
    project.run(&["--json-events", "events", "build", "above.bst"]);
    let text = fs::read_to_string(project.path("events")).expect("the events were written");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let first = lines.first().expect("there are lines");
    assert_eq!((&first["event"], &first["project"]["name"]), (&"session-start".into(), &"demo".into()));
    let failed = lines.iter().find(|line| line["result"] == "failed").expect("broken.bst fails");
    assert_eq!(failed["failure"]["reason"], "missing-directory");
    let last = lines.last().expect("there are lines");
    assert_eq!(
        (&last["event"], &last["failed"]),
        (&"session-end".into(), &serde_json::json!(["broken.bst"]))
    );
}

#[test]
fn what_the_user_got_wrong_exits_with_2() {
    let project = Project::new();
    project.write("elements/unknown.bst", "kind: import\nsurces: []\n");
    project.write("elements/cycle.bst", "kind: stack\ndepends:\n- cycle.bst\n");
    project.write("elements/noref.bst", "kind: import\nsources:\n- kind: tar\n  url: file:///nowhere.tar\n");
    project.write("bad.conf", "scheduler:\n  buliders: 3\n");
    for (line, expect) in [
        ("build missing.bst", "error[missing-file]"),
        ("build unknown.bst", " --> elements/unknown.bst:2:"),
        ("build cycle.bst", "error[circular-dependency]"),
        ("build noref.bst", "help: spec-host source track noref.bst"),
        ("show -f %{nonsense}", "error[unknown-format-symbol]"),
        ("--config bad.conf show", "did you mean 'builders'?"),
        ("--config bad.conf show", " --> bad.conf:2:"),
        ("-o nonsense 1 show", "'nonsense'"),
        ("--plugin import=project.conf show leaf.bst", "error[plugin-not-a-component]"),
        ("init --project-name again", "error[project-exists]"),
        ("nonsense", "unrecognized subcommand"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (code, _, stderr) = project.run(&words);
        assert_eq!(code, 2, "{line}: {stderr}");
        assert!(stderr.contains(expect), "{line}: {stderr}");
    }
}

#[test]
fn what_did_not_work_out_exits_with_1() {
    let project = Project::new();
    project.write("full/file", "");
    project.good(&["build", "leaf.bst"]);
    for (line, expect) in [
        ("artifact checkout top.bst", "error[uncached-checkout-attempt]"),
        ("artifact checkout leaf.bst --directory full", "error[checkout-directory-not-empty]"),
        ("artifact log top.bst", "help: spec-host build top.bst"),
        ("artifact list-contents no/such/*", "error[artifact-not-found]"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (code, _, stderr) = project.run(&words);
        assert_eq!(code, 1, "{line}: {stderr}");
        assert!(stderr.contains(expect), "{line}: {stderr}");
    }
    project.good(&["artifact", "checkout", "leaf.bst", "--directory", "full", "--force"]);
    assert!(project.path("full/file").is_file() && project.path("full/hello.txt").is_file());
}

#[test]
fn a_new_project_builds() {
    let project = Project::new();
    project.good(&["init", "--project-name", "fresh", "new"]);
    project.good(&["-C", "new", "build"]);
    let states = project.good(&["-C", "new", "show", "-f", "%{name} %{state} %{key}"]);
    let fields: Vec<&str> = states.split_whitespace().collect();
    assert_eq!((fields[0], fields[1], fields[2].len()), ("hello.bst", "cached", 6));
}

#[test]
fn a_new_ref_is_written_where_it_belongs() {
    let project = Project::new();
    let url = format!("file://{}", project.path("files/hello.txt").display());
    let text = format!("# mine\nkind: import\nsources:\n- kind: remote\n  url: {url} # here\n");
    project.write("elements/remote.bst", &text);
    project.good(&["source", "track", "remote.bst"]);
    let written = fs::read_to_string(project.path("elements/remote.bst")).expect("it is there");
    assert!(written.starts_with(&text), "{written}");
    assert!(
        written.contains("\n  ref: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
        "{written}"
    );
    project.good(&["build", "remote.bst"]);
}
