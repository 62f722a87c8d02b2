//! Wrong projects: each is refused with a reason and a place, as the user's fault, and leaves nothing in the cache.

use std::fs;
use std::path::PathBuf;

use spec_testkit::{Host, Project};

/// A mistake in a project: its files, and how it is refused.
struct Mistake {
    files: &'static [(&'static str, &'static str)],
    reason: &'static str,
    /// Other parts of the output, the place first.
    says: &'static [&'static str],
}

const CONF: &str = "name: test\nmin-version: 2.0\nelement-path: elements\n";

const fn mistake(
    files: &'static [(&'static str, &'static str)],
    reason: &'static str,
    says: &'static [&'static str],
) -> Mistake {
    Mistake { files, reason, says }
}

/// Each has an element `a.bst`, which is built.
const MISTAKES: &[Mistake] = &[
    mistake(&[("elements/a.bst", "kind: [manual\n")], "invalid-yaml", &["elements/a.bst:2:1"]),
    mistake(
        &[("elements/a.bst", "kind: stack\ndepend:\n- b.bst\n")],
        "invalid-data",
        &["elements/a.bst:2:1", "'depend'", "did you mean 'depends'?"],
    ),
    mistake(
        &[("elements/a.bst", "kind: manual\nconfig:\n  comands: []\n")],
        "invalid-data",
        &["elements/a.bst:3:3", "'comands'"],
    ),
    mistake(
        &[("elements/a.bst", "kind: import\nsources:\n- kind: local\n  path: gone\n")],
        "missing-file",
        &["elements/a.bst:4:9", "gone"],
    ),
    mistake(
        &[("elements/a.bst", "kind: stack\n(@): gone.yml\n")],
        "missing-file",
        &["elements/a.bst:2:6", "gone.yml"],
    ),
    mistake(
        &[
            ("elements/a.bst", "kind: stack\ndepends: [b.bst]\n"),
            ("elements/b.bst", "kind: stack\ndepends: [c.bst]\n"),
            ("elements/c.bst", "kind: stack\ndepends:\n- b.bst\n"),
        ],
        "circular-dependency",
        &["elements/c.bst:3:3", "b.bst -> c.bst -> b.bst"],
    ),
    mistake(
        &[("elements/a.bst", "kind: stack\nvariables: {}\nvariables: {}\n")],
        "invalid-yaml",
        &["elements/a.bst:3:1", "variables"],
    ),
    mistake(
        &[(
            "elements/a.bst",
            "kind: import\nsources:\n- kind: remote\n  url: nowhere:x.tar\n  ref: '0000'\n",
        )],
        "invalid-source-alias",
        &["elements/a.bst:4:8", "nowhere"],
    ),
    mistake(
        &[("elements/a.bst", "kind: manual\nvariables:\n  x: '%{nope}'\n")],
        "unresolved-variable",
        &["elements/a.bst:3:6", "nope"],
    ),
    mistake(
        &[("elements/a.bst", "kind: manual\nvariables:\n  x: '%{y}'\n  y: '%{x}'\n")],
        "circular-reference-variable",
        &["elements/a.bst:4:6", "x -> y -> x"],
    ),
    mistake(
        &[("elements/a.bst", "kind: homemade\n")],
        "plugin-not-found",
        &["elements/a.bst:1:7", "'homemade'", "--plugin homemade=FILE"],
    ),
    mistake(
        &[("elements/a.bst", "kind: oci\n")],
        "plugin-not-found",
        &["elements/a.bst:1:7", "package-name: buildstream-plugins-community, elements: [oci]"],
    ),
    mistake(
        &[("elements/a.bst", "kind: import\nsources:\n- kind: svn\n")],
        "plugin-not-found",
        &["elements/a.bst:3:3", "'svn'"],
    ),
    mistake(
        &[
            (
                "project.conf",
                "name: test\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {origin: local, path: elements, \
                 sources: [svn]}\n",
            ),
            ("elements/a.bst", "kind: import\nsources:\n- kind: svn\n"),
        ],
        "unknown-source-kind",
        &["elements/a.bst:3:3", "'svn'"],
    ),
    mistake(
        &[
            (
                "project.conf",
                "name: test\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {origin: pip, package-name: \
                 buildstream-plugins-community, sources: [ostree]}\n",
            ),
            ("elements/a.bst", "kind: import\nsources:\n- kind: ostree\n"),
        ],
        "source-kind-left-out",
        &["elements/a.bst:3:3", "'ostree'", "'git_repo' or 'tar'"],
    ),
    mistake(
        &[
            (
                "project.conf",
                "name: test\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {origin: pip, package-name: \
                 buildstream-plugins, sources: [git]}\n",
            ),
            ("elements/a.bst", "kind: import\nsources:\n- kind: git\n  url: https://h/x\n"),
        ],
        "missing-track-and-ref",
        &["elements/a.bst:3:3", "'track'"],
    ),
    mistake(
        &[("elements/a.bst", "kind: stack\ndepends:\n- abc.bst\n"), ("elements/abd.bst", "kind: stack\n")],
        "missing-file",
        &["elements/a.bst:3:3", "abc.bst", "did you mean 'abd.bst'?"],
    ),
    mistake(
        &[
            ("project.conf", "name: test\nmin-version: 2.0\nelement-path: elements\nelemets: {}\n"),
            ("elements/a.bst", "kind: stack\n"),
        ],
        "invalid-data",
        &["project.conf:4:1", "did you mean 'elements'?"],
    ),
    mistake(
        &[("project.conf", "name: test\nmin-version: 3.0\n"), ("elements/a.bst", "kind: stack\n")],
        "unsupported-project",
        &["project.conf:2:14", "3.0"],
    ),
];

#[test]
fn mistakes_in_a_project_are_refused_with_their_place() {
    let host = Host::new();
    for Mistake { files, reason, says } in MISTAKES {
        let project = Project::of(files);
        host.run(&project, &["build", "a.bst"]).refused(2, reason, says);
    }
    assert_eq!(host.left(), Vec::<PathBuf>::new());
}

#[test]
fn mistakes_on_the_command_line_are_refused() {
    let host = Host::new();
    let options = "options:\n  colour:\n    type: enum\n    description: x\n    variable: c\n    default: red\n    values: [red, blue]\n";
    let conf = format!("{CONF}{options}");
    let project = Project::of(&[("project.conf", &conf), ("elements/a.bst", "kind: stack\n")]);
    for (arguments, reason, says) in [
        (
            &["-o", "colour", "green", "show", "a.bst"][..],
            "invalid-data",
            &["colour", "green", "red, blue"][..],
        ),
        (&["-o", "color", "red", "show", "a.bst"], "invalid-data", &["color"]),
        (&["show", "b.bst"], "missing-file", &["'b.bst'", "did you mean 'a.bst'?"]),
        (&["show", "a.bts"], "invalid-element-names", &["'a.bts'"]),
        (
            &["--plugin", "stack=gone.wasm", "show", "a.bst"],
            "plugin-unreadable",
            &["--plugin stack=gone.wasm"],
        ),
        (&["show", "--format", "%{nme}", "a.bst"], "unknown-format-symbol", &["nme"]),
    ] {
        host.run(&project, arguments).refused(2, reason, says);
    }
}

#[test]
fn a_bad_user_configuration_is_refused_with_its_place() {
    let host = Host::new();
    let project = Project::of(&[("elements/a.bst", "kind: stack\n")]);
    for (lines, reason, says) in [
        ("scheduler: {builders: many}\n", "invalid-data", &["spec-host.conf:3:23", "many"][..]),
        ("schedular: {}\n", "invalid-data", &["spec-host.conf:3:1", "'scheduler'"]),
        ("build: [\n", "invalid-yaml", &["spec-host.conf:4:1"]),
        ("cache:\n  cache-buildtrees: perhaps\n", "invalid-data", &["spec-host.conf:4:21", "perhaps"]),
    ] {
        host.configure_exactly(lines);
        host.run(&project, &["show", "a.bst"]).refused(2, reason, says);
    }
}

#[test]
fn outside_of_a_project_it_says_how_to_begin() {
    let host = Host::new();
    let folder = Project::of(&[("x/y.txt", "")]);
    fs::remove_file(folder.path().join("project.conf")).expect("it was just made");
    host.run(&folder, &["build"]).refused(2, "project-not-loaded", &["spec-host init"]);
    assert_eq!(host.left(), Vec::<PathBuf>::new());
}
