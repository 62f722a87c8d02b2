//! Compares with BuildStream on the same project: artifacts, where a build is deterministic, and answers.

use std::collections::BTreeSet;

use spec_testkit::{Host, Oracle, Outcome, Project};

/// Where a dependency is staged, and which variable has the digest of its tree.
const PLACED: &str = "kind: manual
build-depends:
- debian.bst
- filename: dep.bst
  config:
    location: /sysroot
    digest-environment: DEP_DIGEST
- filename: base.bst
  config:
    digest-environment: BOTH_DIGEST
- filename: middle.bst
  config:
    location: /sysroot
    digest-environment: BOTH_DIGEST

config:
  build-commands:
  - test ! -e /usr/include/dep.h
  - test -e /sysroot/usr/include/dep.h
  - test -e /sysroot/usr/share/hello/greetings.txt
  - test -x /usr/bin/hello
  install-commands:
  - echo \"$DEP_DIGEST\" > %{install-root}/dep
  - echo \"$BOTH_DIGEST\" > %{install-root}/both
  - env | sort | grep -v DIGEST > %{install-root}/environment
  - (cd / && find sysroot | sort) > %{install-root}/sysroot
  - id > %{install-root}/id
  - pwd > %{install-root}/pwd
  - umask > %{install-root}/umask
  - find /dev | sort | while read f; do stat -c '%n %F %a %u:%g %t:%T' $f; readlink $f || true; done > %{install-root}/dev
";

const EVERYTHING: &str = "kind: stack\ndepends:\n- all.bst\n- placed.bst\n";

fn project() -> Project {
    let project = Project::example();
    project.write("elements/placed.bst", PLACED);
    project.write("elements/everything.bst", EVERYTHING);
    project
}

fn show(host: &Host, project: &Project, format: &str, elements: &[&str]) -> String {
    let show = [&["show", "--deps", "all", "--format", format], elements].concat();
    host.run(project, &show).success().to_owned()
}

#[test]
fn artifacts_are_the_same() {
    let (host, oracle, project) = (Host::shared(), Oracle::new(), project());
    let _ = host.run(&project, &["build", "everything.bst"]).success();
    let _ = oracle.bst(&project, &["build", "everything.bst"]).success();
    let theirs = oracle.keys(&project, &[], &["everything.bst"]);
    let theirs: String = theirs.iter().map(|e| format!("{} {} {}\n", e.name, e.strong, e.files)).collect();
    let ours = show(&host, &project, "%{name} %{full-key} %{artifact-cas-digest}", &["everything.bst"]);
    assert_eq!(ours, theirs);
    a_digest_is_that_of_the_tree(&host, &project);

    project.replace("files/dep/include/dep.h", "DEP_ANSWER 42", "DEP_ANSWER 50");
    let states = ["show", "--deps", "all", "--format", "%{name} %{state}", "everything.bst"];
    let ours = host.run(&project, &states);
    assert_eq!(ours.success(), oracle.bst(&project, &states).success());
    assert!(ours.stdout.contains("app.bst waiting"), "{}", ours.stdout);
}

/// The variable of `digest-environment` has the digest of the dependency's tree.
fn a_digest_is_that_of_the_tree(host: &Host, project: &Project) {
    let dep = ["show", "--deps", "none", "--format", "%{artifact-cas-digest}", "dep.bst"];
    let digest = host.run(project, &dep);
    let seen = ["artifact", "checkout", "--deps", "none", "--tar", "-", "placed.bst"];
    assert!(host.run(project, &seen).success().contains(digest.success()), "{}", digest.stdout);
}

#[test]
fn elements_are_shown_the_same() {
    let (host, oracle, project) = (Host::new(), Oracle::new(), project());
    for (format, arguments) in [
        (
            "%{name: >20} %{key} %{full-key} %{kind: ^12}|%{description:.12}|%{workspaced}",
            &["everything.bst"][..],
        ),
        (
            "%{name}\n%{deps}\n%{build-deps}\n%{runtime-deps}\n%{vars}\n%{env}\n%{config}\n%{public}",
            &["everything.bst"],
        ),
        ("%{name}\n\n", &["--deps", "none", "top.bst", "app.bst", "dep.bst"]),
        ("%{name} %{config}", &["--deps", "run", "--order", "alpha", "--except", "base.bst", "all.bst"]),
        ("%{name}", &["--deps", "build", "middle.bst", "app.bst"]),
        ("recc: %{name} %{env}", &["app.bst"]),
    ] {
        let options: &[&str] = if format.starts_with("recc") { &["-o", "recc", "True"] } else { &[] };
        let show = [options, &["show", "--format", format], arguments].concat();
        let theirs = oracle.bst(&project, &show);
        same_lines(host.run(&project, &show).success(), theirs.success(), format);
    }
}

/// In a format of the user, the lines about the beginning and the end of a build.
#[test]
fn lines_have_the_columns_of_the_message_format() {
    let lines =
        "logging:\n  message-format: '[%{elapsed}][%{key}][%{element}] %{action}|100%%'\n  key-length: 10\n";
    let (host, oracle) = (Host::new(), Oracle::configured(lines));
    host.configure(lines);
    let project = Project::of(&[
        ("elements/one.bst", "kind: import\nsources:\n- {kind: local, path: files}\n"),
        ("files/a", "a"),
    ]);
    let of_build = |outcome: &Outcome| -> BTreeSet<String> {
        let _ = outcome.success();
        let lines = outcome.stderr.lines().filter(|line| line.contains("build:one.bst"));
        let lines = lines.filter(|line| line.contains("START") || line.contains("SUCCESS"));
        // One of the two may take a second.
        lines.map(|line| line.replace("[00:00:01]", "[00:00:00]")).collect()
    };
    let (ours, theirs) =
        (host.run(&project, &["build", "one.bst"]), oracle.bst(&project, &["build", "one.bst"]));
    let (ours, theirs) = (of_build(&ours), of_build(&theirs));
    assert_eq!((ours.len(), &ours), (2, &theirs));
}

/// Compares texts of many lines.
#[track_caller]
fn same_lines(ours: &str, theirs: &str, context: &str) {
    let different = ours.lines().zip(theirs.lines()).position(|(ours, theirs)| ours != theirs);
    if let Some(line) = different {
        assert_eq!(ours.lines().nth(line), theirs.lines().nth(line), "line {line} of {context}");
    }
    // The common lines are equal.
    assert_eq!(ours.len(), theirs.len(), "{context}: {ours:?}\n{theirs:?}");
}
