//! What distributions do with subprojects and sources has the keys that BuildStream calculates now.

use spec_testkit::{Host, Oracle, Project};

/// What is compared of every element.
const FORMAT: &str = "%{name} %{full-key} %{state}";

/// Checks that both programs show the same of targets and all that they need. `files`: `== PATH` begins a file.
#[track_caller]
fn same(files: &str, targets: &[&str]) -> String {
    let files = format!("\n{files}");
    let files: Vec<(&str, &str)> =
        files.split("\n== ").skip(1).filter_map(|file| file.split_once('\n')).collect();
    let project = Project::of(&files);
    let arguments = [&["show", "--deps", "all", "--format", FORMAT], targets].concat();
    let ours = Host::new().run(&project, &arguments);
    let theirs = Oracle::new().bst(&project, &arguments);
    assert_eq!(ours.success(), theirs.success());
    ours.stdout
}

/// A subproject whose flags end in an empty variable, and which is included by the project above it.
const FLAGS: &str = "== project.conf
name: top
min-version: 2.0
(@): 'sub.bst:flags.yml'
== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
== sub/project.conf
name: sub
min-version: 2.0
(@): flags.yml
== sub/flags.yml
variables:
  common: -O2
  local: ''
  flags: '%{common} %{local}'
environment: {CFLAGS: '%{flags}'}
== sub/below.bst
kind: manual
== top.bst
kind: manual
depends: ['sub.bst:below.bst']
variables: {note: '%{local} noted'}
public: {bst: {integration-commands: ['echo %{flags} %{local}']}}
";

#[test]
fn white_space_that_empty_variables_leave_is_cut_from_files_of_subprojects() {
    same(FLAGS, &["top.bst"]);
}

/// Refs of junctions in a file of their own; that of a local source is of no use.
const REFS: &str = "== project.conf
name: top
min-version: 2.0
ref-storage: project.refs
== junction.refs
projects:
  top:
    sub.bst:
    - ref: '1234'
== project.refs
projects:
  top:
    top.bst:
    - ref: '5678'
== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
== sub/project.conf
name: sub
min-version: 2.0
== sub/a.bst
kind: manual
== top.bst
kind: manual
depends: ['sub.bst:a.bst']
sources: [{kind: local, path: sub}]
";

#[test]
fn refs_of_sources_without_refs_are_ignored() {
    same(REFS, &["top.bst", "sub.bst"]);
}

/// A variable of the project that only a file of a subproject defines; the junction itself is shown without it.
const LATE_VARIABLE: &str = "== project.conf
name: top
min-version: 2.0
(@): ['sub.bst:late.yml']
variables: {uses: '%{late}!'}
== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
== sub/project.conf
name: sub
min-version: 2.0
== sub/late.yml
variables: {late: 'of sub'}
== top.bst
kind: manual
config: {build-commands: ['%{uses}']}
";

#[test]
fn junctions_are_shown_though_variables_come_from_behind_them() {
    same(LATE_VARIABLE, &["sub.bst", "top.bst"]);
}

/// An element of a subproject that depends on what an override leads to, which is a junction.
const OVERRIDDEN_BY_JUNCTION: &str = "== project.conf
name: top
min-version: 2.0
== base.bst
kind: junction
sources: [{kind: local, path: base}]
== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
config: {overrides: {base.bst: base.bst}}
== base/project.conf
name: base
min-version: 2.0
== sub/project.conf
name: sub
min-version: 2.0
== sub/base.bst
kind: import
sources: [{kind: local, path: project.conf}]
== sub/app.bst
kind: manual
depends: [base.bst]
== top.bst
kind: stack
depends: ['sub.bst:app.bst']
";

#[test]
fn overrides_may_lead_to_junctions() {
    let shown = same(OVERRIDDEN_BY_JUNCTION, &["top.bst"]);
    assert!(shown.contains("junction") || shown.contains("base.bst "), "{shown}");
}

/// Releases by their version, as release-monitoring.org counts them.
const RELEASES: &str = "== project.conf
name: top
min-version: 2.0
aliases: {web: 'https://example.org/'}
plugins:
- {origin: pip, package-name: buildstream-plugins-community, sources: [anitya]}
== top.bst
kind: manual
sources:
- kind: anitya
  project-id: 12
  url: web:x/{major}.{minor}/x-{version}.tar.xz
  exclude: [docs/*]
  ref: {version: 1.2.3, sha256sum: 6d7ce3a10ee9adde0bbd0ae0ae7a2bd5d3eb5ee1bbd6ee8b1e3e9ecbea8f0de4}
- kind: anitya
  directory: below
  project-id: 13
  url: web:y-{version}.tar.gz
  ref: {version: 2-rc1, sha256sum: 6d7ce3a10ee9adde0bbd0ae0ae7a2bd5d3eb5ee1bbd6ee8b1e3e9ecbea8f0de4}
== untracked.bst
kind: manual
sources: [{kind: anitya, project-id: 12, url: 'web:x-{version}.tar.xz'}]
";

#[test]
fn releases_by_their_version_have_the_same_keys() {
    same(RELEASES, &["top.bst", "untracked.bst"]);
}
