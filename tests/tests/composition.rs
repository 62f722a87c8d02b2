//! Kinds that make artifacts of the files and the public data of others: `compose`, `filter` and those that collect. Their
//! artifacts are compared with those of the BuildStream on this machine.

use std::fs;

use spec_testkit::{Host, Oracle, Project, checkout, require_env};

/// Files of several domains, an empty folder among them, and integration commands.
const LIBRARY: &str = "kind: manual
build-depends: [debian.bst]
config:
  install-commands:
  - mkdir -p %{install-root}/usr/bin %{install-root}/usr/include/deep %{install-root}/usr/lib %{install-root}/var/empty
  - echo tool > %{install-root}/usr/bin/tool
  - echo header > %{install-root}/usr/include/deep/library.h
  - echo library > %{install-root}/usr/lib/library.so
  - ln -s library.so %{install-root}/usr/lib/link
  - echo orphan > %{install-root}/orphan
public:
  bst:
    split-rules:
      devel:
        (>):
        - /usr/include/**
      tools:
      - /usr/bin/*
    integration-commands:
    - mkdir -p /var/made/deep
    - echo made > /var/made/deep/file
    - rm -f /usr/lib/link
    - echo more >> /usr/lib/library.so
    - echo changed >> /orphan
";

/// Each with the settings that it is about.
const ELEMENTS: &[(&str, &str)] = &[
    ("whole.bst", "kind: compose\nbuild-depends: [debian.bst, library.bst]\n"),
    ("plain.bst", "kind: compose\nbuild-depends: [library.bst]\nconfig:\n  integrate: False\n"),
    (
        "integrated-part.bst",
        "kind: compose\nbuild-depends: [debian.bst, library.bst]\nconfig:\n  include: [tools, devel]\n  include-orphans: False\n",
    ),
    (
        "without.bst",
        "kind: compose\nbuild-depends: [debian.bst, library.bst]\nconfig:\n  exclude: [devel, runtime]\n",
    ),
    (
        "plain-part.bst",
        "kind: compose\nbuild-depends: [library.bst]\nconfig:\n  integrate: False\n  include: [tools, nowhere]\n  \
         include-orphans: False\n",
    ),
    ("domains.bst", "kind: filter\nbuild-depends: [library.bst]\nruntime-depends: [debian.bst]\n"),
    (
        "tools.bst",
        "kind: filter\nbuild-depends: [library.bst]\nconfig:\n  include: [tools]\n  exclude: [devel]\n  \
         pass-integration: True\npublic:\n  bst:\n    integration-commands: [echo own]\n",
    ),
    (
        "orphans.bst",
        "kind: filter\nbuild-depends: [library.bst]\nconfig:\n  exclude: [devel, tools]\n  include-orphans: True\n",
    ),
    (
        "above.bst",
        "kind: compose\nbuild-depends: [debian.bst, tools.bst, orphans.bst]\nconfig:\n  exclude: [runtime]\n",
    ),
];

fn project() -> Project {
    let files: Vec<(String, &str)> =
        ELEMENTS.iter().map(|(name, text)| (format!("elements/{name}"), *text)).collect();
    let mut all: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let names: Vec<&str> = ELEMENTS.iter().map(|(name, _)| *name).collect();
    let stack = format!("kind: stack\ndepends: [{}]\n", names.join(", "));
    all.extend([("elements/library.bst", LIBRARY), ("elements/all.bst", stack.as_str())]);
    Project::on_base(&all)
}

#[test]
fn selected_artifacts_are_those_of_buildstream() {
    let (host, oracle, project) = (Host::shared(), Oracle::new(), project());
    let _ = host.run(&project, &["build", "all.bst"]).success();
    let _ = oracle.bst(&project, &["build", "all.bst"]).success();
    let theirs = oracle.keys(&project, &[], &["all.bst"]);
    let theirs: String = theirs.iter().map(|e| format!("{} {} {}\n", e.name, e.strong, e.files)).collect();
    let show = ["show", "--deps", "all", "--format", "%{name} %{full-key} %{artifact-cas-digest}", "all.bst"];
    assert_eq!(host.run(&project, &show).success(), theirs);
}

#[test]
fn a_filter_passes_integration_commands() {
    let (host, project) = (Host::shared(), project());
    project.write("elements/both.bst", "kind: stack\ndepends: [debian.bst, tools.bst, library.bst]\n");
    let _ = host.run(&project, &["build", "both.bst"]).success();
    let checkout = ["artifact", "checkout", "--tar", "-", "both.bst"];
    assert!(host.run(&project, &checkout).success().contains("made\n"));
}

/// What is wrong, the element, the place, the code and what is said.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    ("kind: filter\n", "filter-bdepend-wrong-count", "1:7", &["exactly one", "none"]),
    (
        "kind: filter\nbuild-depends: [library.bst, debian.bst]\n",
        "filter-bdepend-wrong-count",
        "1:7",
        &["library.bst", "debian.bst"],
    ),
    ("kind: filter\ndepends: [library.bst]\n", "filter-bdepend-also-rdepend", "1:7", &["'library.bst'"]),
    ("kind: filter\nbuild-depends: [none.bst]\n", "filter-bdepend-no-artifact", "1:7", &["stack"]),
    (
        "kind: filter\nbuild-depends: [library.bst]\nconfig:\n  includes: [x]\n",
        "invalid-data",
        "4:3",
        &["'includes'"],
    ),
    (
        "kind: compose\nbuild-depends: [library.bst]\nconfig:\n  integrate: perhaps\n",
        "invalid-data",
        "4:14",
        &["boolean", "'perhaps'"],
    ),
    (
        "kind: compose\ndepends: [library.bst]\n",
        "element-forbidden-rdepends",
        "1:7",
        &["runtime dependencies"],
    ),
    (
        "kind: compose\nbuild-depends:\n- filename: library.bst\n  config: {location: /x}\n",
        "invalid-dependency-config",
        "4:11",
        &["'library.bst'"],
    ),
    (
        "kind: compose\nsources:\n- kind: local\n  path: elements\n",
        "element-forbidden-sources",
        "1:7",
        &["sources"],
    ),
];

#[test]
fn mistakes_have_a_code_and_a_place() {
    let (host, project) = (Host::shared(), project());
    project.write("elements/none.bst", "kind: stack\n");
    for (text, reason, place, says) in MISTAKES {
        project.write("elements/wrong.bst", text);
        let place = format!("elements/wrong.bst:{place}");
        let says = [&[place.as_str()], *says].concat();
        host.run(&project, &["show", "wrong.bst"]).refused(2, reason, &says);
    }
}

#[test]
fn a_domain_that_is_not_there_fails_the_build_of_a_filter() {
    let (host, project) = (Host::shared(), project());
    let text = "kind: filter\nbuild-depends: [library.bst]\nconfig:\n  include: [tools, toolz]\n";
    project.write("elements/wrong.bst", text);
    let _ = host.run(&project, &["show", "wrong.bst"]).success();
    let says = ["build of wrong.bst failed", "elements/wrong.bst:4:12", "'toolz'", "tools"];
    host.run(&project, &["build", "wrong.bst"]).refused(1, "unknown-domains", &says);
}

/// A Python plugin of a project, and its component: `docs/porting-a-kind.md`.
#[test]
fn a_kind_that_was_carried_over_is_that_of_the_python_plugin() {
    let (host, oracle, project) = (Host::shared(), Oracle::new(), project());
    let conf = "plugins:\n- origin: local\n  path: plugins\n  elements: [collect_initial_scripts]\n";
    project.replace("project.conf", "plugins:\n", conf);
    let python = checkout().join("plugins/collect_initial_scripts/collect_initial_scripts.py");
    let python = fs::read_to_string(python).expect("the plugin is there");
    project.write("plugins/collect_initial_scripts.py", &python);
    let script =
        |name: &str| format!("kind: stack\npublic:\n  initial-script:\n    script: |\n      echo {name}\n");
    project.write("elements/lib/first.bst", &script("first"));
    project.write("elements/second.bst", &format!("{}depends: [lib/first.bst]\n", script("second")));
    let scripts = "kind: collect_initial_scripts\nbuild-depends: [second.bst, plain.bst]\nconfig: {path: /etc/initial}\n";
    project.write("elements/scripts.bst", scripts);
    let _ = host.run(&project, &["build", "scripts.bst"]).success();
    let _ = oracle.bst(&project, &["build", "scripts.bst"]).success();
    let theirs = oracle.keys(&project, &[], &["scripts.bst"]);
    let theirs: String = theirs.iter().map(|e| format!("{} {} {}\n", e.name, e.strong, e.files)).collect();
    let show =
        ["show", "--deps", "all", "--format", "%{name} %{full-key} %{artifact-cas-digest}", "scripts.bst"];
    assert_eq!(host.run(&project, &show).success(), theirs);
    let contents = host.run(&project, &["artifact", "list-contents", "scripts.bst"]);
    assert!(contents.success().contains("002-second_bst"), "{}", contents.stdout);

    // A component in the folder comes first; a plugin of another text is another plugin.
    project.write("plugins/collect_initial_scripts.py", &format!("{python}\n"));
    host.run(&project, &show).refused(2, "unknown-element-plugin", &["plugins/collect_initial_scripts.py"]);
    let component = require_env("SPEC_COMPONENTS").join("collect_initial_scripts.wasm");
    fs::copy(component, project.path().join("plugins/collect_initial_scripts.wasm"))
        .expect("it can be copied");
    assert_eq!(host.run(&project, &show).success(), theirs);
}
