//! What BuildStream takes is taken, with the same keys, names and values.

use spec_testkit::{Host, Oracle, Project};

/// A project, and the arguments of `show`.
struct Case {
    files: &'static [(&'static str, &'static str)],
    show: &'static [&'static str],
}

const CASES: &[Case] = &[
    // An element beside the element path, and an element named from there.
    Case {
        files: &[
            ("elements/a.bst", "kind: manual\ndepends: [../elements/b.bst, ../outside.bst]\n"),
            ("elements/b.bst", "kind: manual\n"),
            ("outside.bst", "kind: manual\n"),
        ],
        show: &["a.bst"],
    },
    // A list in the environment.
    Case {
        files: &[("elements/a.bst", "kind: manual\nenvironment: {A: [x, y], B: {c: d}, E: text}\n")],
        show: &["a.bst"],
    },
    // Patterns.
    Case { files: GRAPH, show: &["core/*.bst"] },
    Case { files: GRAPH, show: &["--order", "alpha", "**.bst"] },
    Case { files: GRAPH, show: &["--order", "alpha", "top.bst", "*.bst"] },
    Case { files: GRAPH, show: &["core/[a-b].bst", "--deps", "none"] },
    // An element that nothing of the targets needs is left out.
    Case { files: GRAPH, show: &["core/a.bst", "--except", "other.bst"] },
    // Settings of shells and servers.
    Case {
        files: &[
            (
                "project.conf",
                "name: test\nmin-version: 2.0\nelement-path: elements\nshell:\n  environment: {A: $HOME}\n  host-files: \
                 [/etc/hosts]\nartifacts:\n- url: http://localhost:1\n",
            ),
            ("elements/a.bst", "kind: manual\n"),
        ],
        show: &["--deps", "none", "a.bst"],
    },
];

const GRAPH: &[(&str, &str)] = &[
    ("elements/core/a.bst", "kind: manual\n"),
    ("elements/core/b.bst", "kind: manual\nbuild-depends: [core/a.bst]\n"),
    ("elements/core/deep/c.bst", "kind: stack\n"),
    ("elements/other.bst", "kind: manual\n"),
    ("elements/top.bst", "kind: stack\ndepends: [core/b.bst, core/deep/c.bst, other.bst]\n"),
];

#[test]
fn what_buildstream_takes_is_shown_the_same() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for (number, Case { files, show }) in CASES.iter().enumerate() {
        let project = Project::of(files);
        let format = ["show", "--format", "%{name} %{full-key} %{state}\n%{env}%{deps}"];
        let arguments = [&format[..], show].concat();
        let theirs = oracle.bst(&project, &arguments);
        assert_eq!(host.run(&project, &arguments).success(), theirs.success(), "case {number}: {show:?}");
    }
}

/// BuildStream takes no patterns there.
#[test]
fn patterns_may_leave_elements_out() {
    let (host, project) = (Host::new(), Project::of(GRAPH));
    let show = |except: &[&str]| {
        let show = [&["show", "--format", "%{name}", "top.bst"], except].concat();
        host.run(&project, &show).success().to_owned()
    };
    let named = show(&["--except", "core/a.bst", "--except", "core/b.bst"]);
    assert_eq!(show(&["--except", "core/*.bst"]), named);
    assert_eq!(named, "core/deep/c.bst\nother.bst\ntop.bst\n");
}

/// What is refused, and with which of BuildStream's reasons.
#[test]
fn wrong_names_are_refused_with_the_reasons_of_buildstream() {
    let (host, project) = (Host::new(), Project::of(GRAPH));
    for (arguments, reason) in [
        (&["show", "core/*"][..], "invalid-element-names"),
        (&["show", "gone/*.bst"], "missing-file"),
        (&["show", "core/a"], "invalid-element-names"),
        (&["init", "--project-name", "p", "new"], "init-with-set-directory"),
    ] {
        host.run(&project, arguments).refused(2, reason, &[]);
    }
    for (conf, reason) in [
        ("min-version: 2.0\n", "invalid-data"),
        ("name: ''\nmin-version: 2.0\n", "invalid-symbol-name"),
        ("name: a b\nmin-version: 2.0\n", "invalid-symbol-name"),
        ("name: test\nmin-version: 2.0\n: [\n", "invalid-yaml"),
        ("name: test\nmin-version: 2.99\n", "unsupported-project"),
        ("name: test\nmin-version: 2.0\nelement-path: gone\n", "missing-file"),
        ("name: test\nmin-version: 2.0\nelement-path: project.conf\n", "proj-path-invalid-kind"),
    ] {
        project.write("project.conf", conf);
        host.run(&project, &["workspace", "list"]).refused(2, reason, &[]);
    }
}

/// Lists in the user configuration are values of `flags` options.
#[test]
fn flags_of_the_user_configuration_are_lists() {
    let conf = "name: test\nmin-version: 2.0\nelement-path: elements\noptions:\n  farm:\n    type: flags\n    description: \
                animals\n    variable: farm\n    default: [cow]\n    values: [pony, cow, hen]\n";
    let project = Project::of(&[
        ("project.conf", conf),
        ("elements/a.bst", "kind: manual\nvariables: {animals: '%{farm}'}\n"),
    ]);
    let show = ["show", "--format", "%{full-key} %{vars}", "a.bst"];
    for flags in ["[pony]", "[pony, hen]", "[]"] {
        let lines = format!("projects:\n  test:\n    options:\n      farm: {flags}\n");
        let (host, oracle) = (Host::new(), Oracle::configured(&lines));
        host.configure(&lines);
        let ours = host.run(&project, &show);
        assert_eq!(ours.success(), oracle.bst(&project, &show).success(), "{flags}");
    }
}

/// A mirror of the command line is tried first, as in BuildStream.
#[test]
fn the_default_mirror_may_be_chosen_on_the_command_line() {
    let project = Project::of(&[("files/near/f", "text\n"), ("elements/a.bst", "kind: stack\n")]);
    let near = project.path().join("files/near").display().to_string();
    project.write(
        "project.conf",
        &format!(
            "name: test\nmin-version: 2.0\nelement-path: elements\naliases:\n  up: file:///no/such/place/\nmirrors:\n- name: \
             far\n  aliases:\n    up: ['file:///nowhere/else/']\n- name: near\n  aliases:\n    up: ['file://{near}/']\n"
        ),
    );
    let reference = "b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733";
    project.write(
        "elements/f.bst",
        &format!("kind: import\nsources:\n- kind: remote\n  url: up:f\n  ref: {reference}\n"),
    );
    let host = Host::new();
    let fetch = host.run(&project, &["--default-mirror", "near", "source", "fetch", "f.bst"]);
    let _ = fetch.success();
    assert!(!fetch.stderr.contains("nowhere/else"), "{}", fetch.stderr);
}
