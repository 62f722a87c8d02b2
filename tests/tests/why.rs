//! `why`: explains why an element's key changed, with the place of the change.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use spec_testkit::{Host, Project};

const CONF: &str = "name: whys\nmin-version: 2.0\nelement-path: elements\n";
const LOW: &str = "kind: import
sources:
- kind: local
  path: files/low
config:
  target: /usr/include
";
const MIDDLE: &str = "kind: stack\ndepends:\n- low.bst\n";
const HIGH: &str = "kind: import
build-depends:
- middle.bst
sources:
- kind: local
  path: files/high
public:
  note: first
";

const FILES: [(&str, &str); 7] = [
    ("project.conf", CONF),
    ("elements/low.bst", LOW),
    ("elements/middle.bst", MIDDLE),
    ("elements/high.bst", HIGH),
    ("files/low/a.h", "int a;\n"),
    ("files/low/gone.h", "int gone;\n"),
    ("files/high/b.c", "int b;\n"),
];

fn built() -> (Host, Project) {
    let (host, project) = (Host::new(), Project::of(&FILES));
    let _ = host.run(&project, &["build", "high.bst"]).success();
    (host, project)
}

/// All lines except for the first, which has the keys.
fn causes(host: &Host, project: &Project, arguments: &[&str]) -> String {
    let told = host.run(project, &[&["why"], arguments].concat());
    told.success().lines().skip(1).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn causes_are_found_through_dependencies_before_and_after_a_build() {
    let (host, project) = built();
    host.run(&project, &["why", "high.bst"]).refused(
        1,
        "nothing-to-compare",
        &["no other artifact of high.bst"],
    );
    project.write("files/low/a.h", "int a2;\n");
    project.write("files/low/new.h", "int new;\n");
    std::fs::remove_file(project.path().join("files/low/gone.h")).expect("it is there");
    project.replace("elements/high.bst", "note: first", "note: second");
    let expect = "elements/high.bst:8:9: high.bst: public note changed
    - first
    + second

elements/low.bst:3:3: low.bst: source 1 (local) changed
    ~ a.h
    - gone.h
    + new.h";
    assert_eq!(causes(&host, &project, &["high.bst"]), expect);
    let _ = host.run(&project, &["build", "high.bst"]).success();
    assert_eq!(causes(&host, &project, &["high.bst"]), expect);
    assert_eq!(causes(&host, &project, &["middle.bst"]), expect.split_once("\n\n").expect("two causes").1);
}

#[test]
fn dependencies_that_come_and_go_are_told() {
    let (host, project) = built();
    project.write("elements/other.bst", "kind: stack\n");
    project.replace("elements/high.bst", "- middle.bst", "- other.bst");
    let told = causes(&host, &project, &["high.bst"]);
    for line in [
        "elements/high.bst:3:3: high.bst: is built on other.bst now",
        "elements/high.bst:1:1: high.bst: is not built on low.bst any more",
        "elements/high.bst:1:1: high.bst: is not built on middle.bst any more",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\nin\n{told}");
    }
}

#[test]
fn an_older_artifact_can_be_chosen() {
    let (host, project) = built();
    let shown = host.run(&project, &["show", "--deps", "none", "--format", "%{full-key}", "high.bst"]);
    let first = shown.success().trim().to_owned();
    for note in ["second", "third"] {
        project.replace("elements/high.bst", if note == "second" { "first" } else { "second" }, note);
        let _ = host.run(&project, &["build", "high.bst"]).success();
    }
    let since = ["--since", &first[..12], "high.bst"];
    let told = causes(&host, &project, &since);
    assert!(told.ends_with("- first\n    + third"), "{told}");
    let json = host.run(&project, &[&["why", "--json"], &since[..]].concat());
    for piece in [r#""name": "public note""#, r#""before": "first""#, r#""place": "elements/high.bst:8:9""#] {
        assert!(json.success().contains(piece), "{piece}");
    }
    host.run(&project, &["why", "--since", "xyz", "high.bst"]).refused(1, "nothing-to-compare", &["'xyz'"]);
    host.run(&project, &["why", "--since", "", "high.bst"]).refused(2, "ambiguous-key", &["more digits"]);
    project.replace("elements/high.bst", "third", "first");
    assert_eq!(causes(&host, &project, &since), "");
}

#[test]
fn files_are_told_of_sources_in_folders_of_any_name() {
    let host = Host::new();
    let project = Project::of(&[
        ("project.conf", CONF),
        ("elements/low.bst", &LOW.replace("path:", "directory: größe\n  path:")),
        ("files/low/a.h", "int a;\n"),
    ]);
    let _ = host.run(&project, &["build", "low.bst"]).success();
    project.write("files/low/a.h", "int a2;\n");
    assert!(causes(&host, &project, &["low.bst"]).ends_with("~ größe/a.h"));
}

#[test]
fn sources_that_did_not_change_are_not_looked_at() {
    let (host, project) = (Host::new(), Project::of(&FILES));
    let records = host.cache().join("cas/refs/element-sources");
    let _ = host.run(&project, &["build", "low.bst"]).success();
    let of_low = names(&records);
    let _ = host.run(&project, &["build", "high.bst"]).success();
    // Reading a record that is a link to itself fails.
    for name in names(&records).difference(&of_low) {
        std::fs::remove_file(records.join(name)).expect("it is there");
        std::os::unix::fs::symlink(name, records.join(name)).expect("its place is free");
    }
    project.write("files/low/a.h", "int a2;\n");
    assert!(causes(&host, &project, &["high.bst"]).ends_with("~ a.h"));
}

fn names(folder: &Path) -> BTreeSet<OsString> {
    let entries = std::fs::read_dir(folder).expect("it is there");
    entries.map(|entry| entry.expect("it can be listed").file_name()).collect()
}
