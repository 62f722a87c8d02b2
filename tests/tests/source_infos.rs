//! Where sources come from, as `show` tells it, and the sources that filters stand for.

use spec_testkit::{Host, Oracle, Project};

const SHA: &str = "9d0c936c78d0dfe3a67cae372c9a2330476ea87a2eec16b2daada64a664ca501";

const CONF: &str = "name: test
min-version: 2.0
element-path: elements
plugins:
- origin: pip
  package-name: buildstream-plugins-community
  sources: [git_repo]
aliases:
  web: https://example.org/releases/
source-provenance-attributes:
  homepage: where people find it
  issue-tracker: where its faults are
  origin: who made it
";

fn project(sources: &str) -> Project {
    let element = format!("kind: import\nsources:\n{}", sources.replace("SHA", SHA));
    Project::of(&[
        ("project.conf", CONF),
        ("elements/a.bst", &element),
        ("elements/none.bst", "kind: stack\ndepends: [a.bst]\n"),
        ("files/tree/a.txt", "a\n"),
        ("files/one.txt", "one\n"),
    ])
}

/// Sources with provenance, versions of their own and patterns of versions, as BuildStream shows them.
#[test]
fn the_origin_of_sources_is_shown_as_buildstream_shows_it() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for sources in [
        "- kind: local\n  path: files/tree\n",
        "- kind: local\n  path: files/one.txt\n  provenance:\n    origin: 'us: all of us'\n",
        "- kind: tar\n  url: web:1.2/pony-1.2.3.tgz\n  ref: SHA\n  provenance:\n    homepage: https://example.org\n    \
         issue-tracker: https://bugs.example.org\n    origin: them\n",
        "- kind: tar\n  url: web:pony_v2_4_93.tgz\n  ref: SHA\n  version-guess-pattern: (\\d+)_(\\d+)_(\\d+)\n",
        "- kind: remote\n  url: web:pony\n  ref: SHA\n  version: '1.10'\n- kind: remote\n  url: web:other\n  ref: SHA\n",
    ] {
        let project = project(sources);
        let arguments = ["show", "--format", "%{name}:\n%{source-info}|", "none.bst"];
        let theirs = oracle.bst(&project, &arguments);
        assert_eq!(host.run(&project, &arguments).success(), theirs.success(), "{sources}");
    }
}

/// BuildStream writes `None`.
#[test]
fn what_has_no_ref_has_no_version() {
    let (host, project) = (Host::new(), project("- kind: remote\n  url: web:pony-3.0\n"));
    let shown = host.run(&project, &["show", "--format", "%{source-info}", "a.bst"]);
    assert!(shown.success().contains("  version:\n  version-guess: 3.0\n"), "{}", shown.stdout);
}

#[test]
fn a_source_that_does_not_say_where_it_comes_from_is_a_warning() {
    let (host, project) = (Host::new(), project("- kind: git_repo\n  url: web:a.git\n  track: main\n"));
    let shown = host.run(&project, &["show", "--format", "%{source-info}", "a.bst"]);
    assert_eq!(shown.success(), "[]\n\n");
    assert!(shown.stderr.contains("warning[unavailable-source-info]"), "{}", shown.stderr);
    project.write("project.conf", &format!("{CONF}fatal-warnings: [unavailable-source-info]\n"));
    let show = ["show", "--format", "%{source-info}", "a.bst"];
    host.run(&project, &show).refused(2, "unavailable-source-info", &["a.bst"]);
    project.write(
        "elements/j.bst",
        "kind: junction\nsources:\n- kind: local\n  path: .\n  provenance: {color: red}\n",
    );
    host.run(&project, &["show", "j.bst"]).refused(2, "undefined-source-provenance-attribute", &["color"]);
    let pattern =
        "kind: import\nsources:\n- kind: tar\n  url: web:a.tgz\n  ref: SHA\n  version-guess-pattern: (\n";
    project.write("elements/a.bst", &pattern.replace("SHA", SHA));
    host.run(&project, &show).refused(2, "invalid-data", &["version-guess-pattern"]);
}

const FILTERED: [(&str, &str); 4] = [
    ("elements/a.bst", "kind: import\nsources:\n- kind: remote\n  url: file:///dev/null/no\n"),
    ("elements/b.bst", "kind: filter\nbuild-depends: [a.bst]\n"),
    ("elements/c.bst", "kind: filter\nbuild-depends: [b.bst]\n"),
    ("files/tree/a.txt", "a\n"),
];

#[test]
fn filters_stand_for_what_they_filter_where_sources_are_tracked() {
    let (host, project) = (Host::new(), Project::of(&FILTERED));
    let url = format!("file://{}/files/tree/a.txt", project.path().display());
    let element = |name: &str| format!("kind: import\nsources:\n- kind: remote\n  url: {url}\n#{name}\n");
    project.write("elements/a.bst", &element("a"));
    project.write("elements/d.bst", &element("d"));
    project.write("elements/e.bst", "kind: filter\nbuild-depends: [d.bst]\n");
    let _ =
        host.run(&project, &["source", "track", "c.bst", "b.bst", "e.bst", "--except", "d.bst"]).success();
    assert!(project.read("elements/a.bst").contains("  ref: "), "{}", project.read("elements/a.bst"));
    assert_eq!(project.read("elements/d.bst"), element("d"));
    // What was tracked is fetched, also from this machine.
    let state = ["show", "--deps", "none", "--format", "%{state}", "a.bst"];
    assert_eq!(host.run(&project, &state).success().trim(), "buildable");
}

#[test]
fn filters_stand_for_what_they_filter_where_workspaces_are_opened_and_closed() {
    let (host, project) = (Host::new(), Project::of(&FILTERED));
    project.write("elements/a.bst", "kind: import\nsources:\n- kind: local\n  path: files/tree\n");
    let folder = project.path().join("ws");
    let directory = folder.display().to_string();
    let workspace = |arguments: &[&str]| host.run(&project, &[&["workspace"], arguments].concat());
    let _ = workspace(&["open", "--directory", &directory, "b.bst", "c.bst"]).success();
    let list = workspace(&["list"]).success().to_owned();
    assert!(list.contains("element: a.bst") && !list.contains("b.bst"), "{list}");
    std::fs::write(folder.join("new.txt"), "new\n").expect("a workspace is the user's");
    let _ = workspace(&["reset", "c.bst"]).success();
    assert!(!folder.join("new.txt").exists());
    let _ = workspace(&["close", "b.bst"]).success();
    workspace(&["close", "b.bst"]).refused(2, "workspace-not-open", &["a.bst"]);
}
