//! Artifacts with the same file, and builds that leave nothing to collect.

use std::fs;

use spec_testkit::{Host, Project, require_env};

const LOWER: &str = "kind: import\nsources:\n- kind: local\n  path: files/lower\n";
const UPPER: &str = "kind: import\ndepends:\n- lower.bst\nsources:\n- kind: local\n  path: files/upper\n";
const WHITELIST: &str = "public:\n  bst:\n    overlap-whitelist:\n    - /etc/*.conf\n";
const USES: &str = "kind: manual
build-depends:
- debian.bst
- upper.bst
config:
  install-commands:
  - cp /etc/both.conf %{install-root}/seen
";

/// A project in which `uses.bst` stages two elements that both have `/etc/both.conf`.
fn project(upper: &str) -> Project {
    Project::on_base(&[
        ("files/lower/etc/both.conf", "lower\n"),
        ("files/upper/etc/both.conf", "upper\n"),
        ("elements/lower.bst", LOWER),
        ("elements/upper.bst", upper),
        ("elements/uses.bst", USES),
    ])
}

#[test]
fn the_upper_file_wins_and_a_warning_says_so() {
    let (host, project) = (Host::shared(), project(UPPER));
    let build = host.run(&project, &["build", "uses.bst"]);
    let _ = build.success();
    for says in ["warning[overlaps]", "uses.bst", "/etc/both.conf", "upper.bst", "lower.bst"] {
        assert!(build.stderr.contains(says), "{says}:\n{}", build.stderr);
    }
    let contents = ["artifact", "checkout", "--tar", "-", "--deps", "none", "uses.bst"];
    assert!(host.run(&project, &contents).success().contains("upper\n"));
}

#[test]
fn what_the_upper_element_lists_is_no_overlap() {
    let (host, project) = (Host::shared(), project(&format!("{UPPER}{WHITELIST}")));
    let build = host.run(&project, &["build", "uses.bst"]);
    let _ = build.success();
    assert!(!build.stderr.contains("overlaps"), "{}", build.stderr);
}

#[test]
fn a_project_can_make_overlaps_an_error() {
    let (host, project) = (Host::shared(), project(UPPER));
    let conf = project.read("project.conf");
    project.write("project.conf", &format!("{conf}\nfatal-warnings:\n- overlaps\n"));
    let says = ["build of uses.bst failed", "/etc/both.conf", "upper.bst", "lower.bst", "fatal-warnings"];
    host.run(&project, &["build", "uses.bst"]).refused(1, "overlaps", &says);
}

#[test]
fn what_is_collected_has_to_be_there() {
    let script = "kind: script-like\nbuild-depends: [debian.bst]\nconfig:\n  commands: [rmdir /output]\n";
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/empty.bst", script)]));
    let component = require_env("SPEC_COMPONENTS").join("script-like.wasm");
    let conf = "plugins:\n- origin: local\n  path: plugins\n  elements: [script-like]\n";
    project.replace("project.conf", "plugins:\n", conf);
    fs::create_dir(project.path().join("plugins")).expect("a folder of our own is writable");
    fs::copy(component, project.path().join("plugins/script-like.wasm")).expect("a component can be copied");
    let says = ["build of empty.bst failed", "/output"];
    host.run(&project, &["build", "empty.bst"]).refused(1, "nothing-to-collect", &says);
}
