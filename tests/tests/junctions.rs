//! Projects behind junctions have the names, states and keys that BuildStream gives them, and are built.

use spec_testkit::{Host, Oracle, Outcome, Project};

/// What is compared of every element.
const FORMAT: &str = "%{name} %{full-key} %{state}";

/// A project of files in one text: `== PATH` begins a file.
fn project(text: &str) -> Project {
    let files = format!("\n{text}");
    let files: Vec<(&str, &str)> =
        files.split("\n== ").skip(1).filter_map(|file| file.split_once('\n')).collect();
    Project::of(&files)
}

/// Checks that both programs show the same of a target and all that it needs.
#[track_caller]
fn same(project: &Project, targets: &[&str]) -> String {
    let arguments = [&["show", "--deps", "all", "--format", FORMAT], targets].concat();
    let ours = Host::new().run(project, &arguments);
    let theirs = Oracle::new().bst(project, &arguments);
    assert_eq!(ours.success(), theirs.success());
    ours.stdout
}

/// Checks that both programs refuse a project; BuildStream says `says`.
#[track_caller]
fn both_refuse(project: &Project, reason: &str, says: &str) -> Outcome {
    let arguments = ["show", "--deps", "all", "--format", FORMAT, "top.bst"];
    let theirs = Oracle::new().bst(project, &arguments);
    assert!(theirs.failure().contains(says), "{}", theirs.stderr);
    let ours = Host::new().run(project, &arguments);
    assert!(ours.failure().contains(&format!("error[{reason}]")), "{}", ours.stderr);
    ours
}

/// A project behind `sub.bst`, which has another one behind `inner.bst`.
const NESTED: &str = "== project.conf
name: top
min-version: 2.0
element-path: elements
variables:
  (@): 'sub.bst:include/variables.yml'
  who: top
  flavour: salt
environment:
  (@): ['sub.bst:inner.bst:include/environment.yml']
== elements/sub.bst
kind: junction
sources:
- kind: local
  path: subprojects/sub
config:
  options:
    flavour: '%{flavour}'
    extras: [nls, docs]
== elements/inner-link.bst
kind: link
config: {target: '%{where}'}
variables: {where: 'sub.bst:inner.bst'}
== elements/top.bst
kind: manual
build-depends:
- sub.bst:lib.bst
- filename: [tool.bst, runner.bst]
  junction: inner-link.bst
  config: {location: /tools}
- inner-link.bst:lib.bst
runtime-depends:
- lib.bst
(@): sub.bst:include/element.yml
public: {own: {who: '%{who}', sub: '%{from-sub}'}}
== elements/lib.bst
kind: import
sources: [{kind: local, path: files/own.txt}]
== files/own.txt
own
== subprojects/sub/project.conf
name: sub
min-version: 2.0
element-path: elements
fatal-warnings: [overlaps]
options:
  flavour: {type: enum, description: d, values: [plain, salt], default: plain, variable: flavour}
  extras: {type: flags, description: d, values: [docs, tests, nls], variable: extras}
  arch: {type: arch, description: d, values: [x86_64, aarch64], variable: machine}
variables:
  who: sub
  (?):
  - flavour == 'salt': {salted: 'yes'}
== subprojects/sub/include/variables.yml
from-sub: 'said by %{who}'
(?):
- flavour == 'salt': {sub-salted: '%{salted}'}
== subprojects/sub/include/element.yml
variables: {included-by: '%{who} %{extras}'}
config:
  build-commands:
  - echo %{who}
  (@): include/more.yml
== subprojects/sub/include/more.yml
install-commands: ['echo %{who}']
== subprojects/sub/elements/inner.bst
kind: junction
sources:
- kind: local
  path: inner
config:
  path: below
== subprojects/sub/elements/lib.bst
kind: import
sources: [{kind: local, path: files}]
build-depends: ['inner.bst:lib.bst']
== subprojects/sub/files/a.txt
%{who}
== subprojects/sub/inner/below/project.conf
name: inner
min-version: 2.0
variables: {who: inner}
== subprojects/sub/inner/below/include/environment.yml
INNER: '%{who}'
== subprojects/sub/inner/below/lib.bst
kind: import
sources: [{kind: local, path: inner.txt}]
== subprojects/sub/inner/below/inner.txt
inner
== subprojects/sub/inner/below/tool.bst
kind: manual
build-depends: [lib.bst]
environment: {WHO: '%{who}'}
== subprojects/sub/inner/below/runner.bst
kind: stack
depends: [tool.bst]
";

#[test]
fn nested_projects_have_the_same_keys() {
    let shown = same(&project(NESTED), &["top.bst"]);
    assert!(shown.contains("sub.bst:inner.bst:tool.bst "), "{shown}");
    same(&project(NESTED), &["sub.bst:inner.bst:runner.bst", "sub.bst:lib.bst", "lib.bst"]);
}

/// Equal names in several projects, whose order decides keys.
const CROWD: &str = "== project.conf
name: top
min-version: 2.0
junctions: {duplicates: {sub: [a.bst, b.bst, 'z.bst:c.bst']}, internal: [i.bst]}
== a.bst
kind: junction
sources: [{kind: local, path: sub}]
config: {options: {mode: '1'}}
== b.bst
kind: junction
sources: [{kind: local, path: sub}]
config: {options: {mode: '2'}}
== i.bst
kind: junction
sources: [{kind: local, path: sub}]
== z.bst
kind: junction
sources: [{kind: local, path: z}]
== z/project.conf
name: z
min-version: 2.0
== z/c.bst
kind: junction
sources: [{kind: local, path: sub}]
== z/x.bst
kind: stack
== z/sub/project.conf
name: sub
min-version: 2.0
== z/sub/x.bst
kind: manual
== sub/project.conf
name: sub
min-version: 2.0
options: {mode: {type: enum, description: d, values: ['0', '1', '2'], default: '0', variable: mode}}
== sub/x.bst
kind: manual
config: {build-commands: ['%{mode}']}
== sub/y.bst
kind: stack
depends: [x.bst]
== x.bst
kind: manual
== w.bst
kind: manual
runtime-depends: ['b.bst:x.bst']
== top.bst
kind: manual
build-depends:
- x.bst
- b.bst:x.bst
- z.bst:c.bst:x.bst
- a.bst:x.bst
- i.bst:x.bst
- z.bst:x.bst
- b.bst:y.bst
- w.bst
runtime-depends: ['a.bst:y.bst', 'i.bst:y.bst']
";

#[test]
fn projects_that_are_loaded_several_times_have_the_same_keys() {
    same(&project(CROWD), &["top.bst"]);
    let conflicting = CROWD.replace(", 'z.bst:c.bst']", "]");
    let ours = both_refuse(&project(&conflicting), "conflicting-junction", "was loaded in multiple contexts");
    for instance in ["'a.bst'", "'b.bst'", "'i.bst'", "'z.bst:c.bst'", "internal for the top-level project"] {
        assert!(ours.stderr.contains(instance), "{}", ours.stderr);
    }
}

/// Overrides of elements, of junctions and of what is behind them, also named by links.
const OVERRIDDEN: &str = "== project.conf
name: top
min-version: 2.0
== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
config:
  overrides:
    lib.bst: own-lib.bst
    link.bst:x.bst: own-lib.bst
    deep.bst: own-deep.bst
    named.bst: sub.bst:other.bst
== own-deep.bst
kind: junction
sources: [{kind: local, path: deep}]
config: {overrides: {y.bst: own-lib.bst}}
== deep/project.conf
name: deep
min-version: 2.0
== deep/x.bst
kind: stack
depends: [y.bst, z.bst]
== deep/y.bst
kind: manual
== deep/z.bst
kind: manual
== own-lib.bst
kind: manual
variables: {own: 'yes'}
== sub/project.conf
name: sub
min-version: 2.0
== sub/inner.bst
kind: junction
sources: [{kind: local, path: inner}]
config: {overrides: {two.bst: three.bst}}
== sub/deep.bst
kind: junction
sources: [{kind: local, path: inner}]
== sub/link.bst
kind: link
config: {target: inner.bst}
== sub/inner/project.conf
name: inner
min-version: 2.0
== sub/inner/x.bst
kind: manual
== sub/inner/one.bst
kind: stack
depends: [x.bst, two.bst]
== sub/inner/two.bst
kind: manual
== sub/three.bst
kind: manual
== sub/lib.bst
kind: manual
== sub/named.bst
kind: link
config: {target: lib.bst}
== sub/other.bst
kind: manual
== sub/app.bst
kind: manual
depends: [lib.bst, named.bst, 'inner.bst:one.bst', 'deep.bst:x.bst']
== top.bst
kind: stack
depends: ['sub.bst:app.bst', 'sub.bst:inner.bst:x.bst']
";

#[test]
fn overridden_elements_have_the_same_keys() {
    let shown = same(&project(OVERRIDDEN), &["top.bst"]);
    for name in ["own-lib.bst ", "own-deep.bst:x.bst ", "sub.bst:three.bst ", "sub.bst:other.bst "] {
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn both_refuse_the_same_projects() {
    let nested = |from: &str, to: &str| {
        assert!(NESTED.contains(from));
        project(&NESTED.replace(from, to))
    };
    for (project, reason, says) in [
        (nested("flavour: '%{flavour}'", "taste: salt"), "invalid-data", "Unknown option 'taste'"),
        (
            nested("- sub.bst:lib.bst", "- sub.bst:none.bst"),
            "missing-file",
            "Could not find element 'none.bst'",
        ),
        (
            project(
                "== elements/top.bst\nkind: stack\ndepends: [j.bst]\n== elements/j.bst\nkind: junction\n",
            ),
            "invalid-data",
            "Cannot depend on junction",
        ),
        (nested("path: below", "path: above"), "invalid-junction", "Was expecting it at path 'above'"),
        (
            nested("- kind: local\n  path: inner\n", "- kind: tar\n  url: file:///x\n"),
            "subproject-inconsistent",
            "Subproject has no ref",
        ),
        (
            nested("kind: link", "kind: link\nsources: [{kind: local, path: files}]"),
            "element-forbidden-sources",
            "Sources are forbidden",
        ),
    ] {
        both_refuse(&project, reason, says);
    }
}

/// A project whose junction is an archive, which is made now; the junction has no ref yet.
fn archived() -> Project {
    let project = project(
        "== project.conf
name: top
min-version: 2.0
aliases: {here: '%{project-root-uri}/'}
== sdk.bst
kind: junction
sources:
- kind: tar
  url: here:sdk.tar
config: {path: project, map-aliases: identity}
== top.bst
kind: import
sources: [{kind: local, path: top.txt}]
depends:
- sdk.bst:lib.bst
== top.txt
top
== upstream/project/project.conf
name: sdk
min-version: 2.0
aliases: {here: 'file:///nowhere/'}
== upstream/project/lib.bst
kind: import
sources: [{kind: local, path: files}]
depends:
- inner.bst:lib.bst
== upstream/project/files/lib.txt
lib
== upstream/project/inner.bst
kind: junction
sources: [{kind: local, path: inner}]
== upstream/project/inner/project.conf
name: inner
min-version: 2.0
== upstream/project/inner/lib.bst
kind: import
sources: [{kind: local, path: inner.txt}]
== upstream/project/inner/inner.txt
inner
",
    );
    let mut tar = std::process::Command::new("tar");
    tar.arg("-C").arg(project.path()).args(["-cf"]).arg(project.path().join("sdk.tar")).arg("upstream");
    let _ = Outcome::of(&mut tar, std::time::Duration::from_secs(60)).success();
    project
}

#[test]
fn junctions_are_tracked_fetched_and_built_through() {
    let (project, host, oracle) = (archived(), Host::new(), Oracle::new());
    let show = ["show", "--deps", "all", "--format", FORMAT, "top.bst"];
    host.run(&project, &show).refused(2, "subproject-inconsistent", &["top.bst:4:3", "source track sdk.bst"]);
    let junction = ["show", "--format", FORMAT, "sdk.bst"];
    let unknown = host.run(&project, &junction);
    assert_eq!(unknown.success(), oracle.bst(&project, &junction).success());
    let _ = host.run(&project, &["source", "track", "sdk.bst"]).success();
    assert!(project.read("sdk.bst").contains("\n  ref: "), "{}", project.read("sdk.bst"));
    let shown = host.run(&project, &show);
    assert!(shown.stderr.contains("fetching the project behind 'sdk.bst'"), "{}", shown.stderr);
    assert_eq!(shown.success(), oracle.bst(&project, &show).success());
    assert_eq!(host.run(&project, &junction).success(), oracle.bst(&project, &junction).success());

    std::fs::remove_file(project.path().join("sdk.tar")).expect("it was made");
    let build = host.run(&project, &["build", "top.bst"]);
    assert!(
        build.success().is_empty() && build.stderr.contains("sdk.bst:inner.bst:lib.bst"),
        "{}",
        build.stderr
    );
    assert!(host.logs().join("inner/lib").is_dir() && host.logs().join("sdk/lib").is_dir());
    let out = project.path().join("out").display().to_string();
    let _ = host.run(&project, &["artifact", "checkout", "top.bst", "--directory", &out]).success();
    for (file, text) in [("top.txt", "top"), ("lib.txt", "lib"), ("inner.txt", "inner")] {
        let found = std::fs::read_to_string(project.path().join("out").join(file));
        assert_eq!(found.as_deref().map(str::trim_end).ok(), Some(text), "{file}");
    }
    let listed = host.run(&project, &["artifact", "list-contents", "sdk.bst:lib.bst"]);
    assert!(listed.success().contains("lib.txt"), "{}", listed.stdout);
    host.run(&project, &["build", "sdk.bst"]).refused(2, "junction-target", &["JUNCTION.bst:ELEMENT.bst"]);
    let again = host.run(&project, &show);
    assert!(!again.stderr.contains("fetching"), "{}", again.stderr);
}

#[test]
fn refs_of_subprojects_are_tracked_into_our_files_alone() {
    let (project, host) = (archived(), Host::new());
    project.replace("project.conf", "min-version: 2.0", "min-version: 2.0\nref-storage: project.refs");
    let _ = host.run(&project, &["source", "track", "sdk.bst"]).success();
    assert!(project.read("junction.refs").starts_with("projects:\n  top:\n    sdk.bst:\n    - ref: "));
    assert!(!project.read("sdk.bst").contains("ref: "), "{}", project.read("sdk.bst"));
    let shown = same(&project, &["top.bst"]);
    assert!(shown.contains("sdk.bst:inner.bst:lib.bst "), "{shown}");

    let inline = self::project(NESTED);
    inline.write(
        "subprojects/sub/elements/lib.bst",
        "kind: import\nsources: [{kind: tar, url: 'here:a.tar'}]\n",
    );
    inline.write("subprojects/sub/a.tar", "");
    inline.replace(
        "subprojects/sub/project.conf",
        "name: sub",
        "name: sub\naliases: {here: '%{project-root-uri}/'}",
    );
    let track = ["source", "track", "-J", "--deps", "all", "top.bst"];
    host.run(&inline, &track).refused(2, "untrackable-sources", &["sub.bst:lib.bst"]);
    assert!(Oracle::new().bst(&inline, &track).failure().contains("Untrackable sources"));
    let _ = host.run(&inline, &["source", "track", "--deps", "all", "top.bst"]).success();
    inline.replace("project.conf", "name: top", "name: top\nref-storage: project.refs");
    let _ = host.run(&inline, &track).success();
    assert!(
        inline.read("project.refs").contains("sub:\n    lib.bst:\n    - ref: "),
        "{}",
        inline.read("project.refs")
    );
    same(&inline, &["top.bst"]);
}
