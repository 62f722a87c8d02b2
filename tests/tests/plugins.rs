//! Element kinds from files: added and replaced without changing the binary; and faulty ones.

use std::fs;
use std::path::PathBuf;

use spec_testkit::{Host, Project, require_env};

const SCRIPT: &str = "kind: script-like
build-depends:
- debian.bst
config:
  greeting: good day
  commands:
  - echo \"$GREETING\" > /output/greeting
";

const MANUAL: &str = "kind: manual
build-depends:
- debian.bst
config:
  install-commands:
  - touch %{install-root}/made
";

fn component(name: &str) -> PathBuf {
    let file = require_env("SPEC_COMPONENTS").join(name).with_extension("wasm");
    assert!(file.is_file(), "{} is not there: run `cargo xtask guests`", file.display());
    file
}

/// `--plugin` for a kind.
fn plugin(kind: &str, file: &str) -> [String; 2] {
    ["--plugin".to_owned(), format!("{kind}={}", component(file).display())]
}

fn run(host: &Host, project: &Project, plugin: &[String], arguments: &[&str]) -> spec_testkit::Outcome {
    let arguments: Vec<&str> = plugin.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
    host.run(project, &arguments)
}

fn key(host: &Host, project: &Project, plugin: &[String], element: &str) -> String {
    let show = ["show", "--deps", "none", "--format", "%{full-key}", element];
    run(host, project, plugin, &show).success().to_owned()
}

fn contents(host: &Host, project: &Project, plugin: &[String], element: &str) -> String {
    let _ = run(host, project, plugin, &["build", element]).success();
    run(host, project, plugin, &["artifact", "list-contents", element]).success().to_owned()
}

#[test]
fn a_kind_of_its_own_comes_by_the_command_line_or_with_the_project() {
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/greet.bst", SCRIPT)]));
    let none = host.run(&project, &["build", "greet.bst"]);
    none.refused(
        2,
        "plugin-not-found",
        &["'script-like'", "elements/greet.bst:1:7", "--plugin script-like=FILE"],
    );

    let given = plugin("script-like", "script-like");
    let _ = run(&host, &project, &given, &["build", "greet.bst"]).success();
    let cat = ["shell", "greet.bst", "--", "cat", "/greeting"];
    project.write("elements/both.bst", "kind: stack\ndepends: [debian.bst, greet.bst]\n");
    let cat_both = ["shell", "both.bst", "--", "cat", "/greeting"];
    let _ = run(&host, &project, &given, &["build", "both.bst"]).success();
    assert_eq!(run(&host, &project, &given, &cat_both).success(), "good day\n");
    // Without a base there is no program that could run.
    assert_ne!(run(&host, &project, &given, &cat).code, Some(0));

    let conf = "plugins:\n- origin: local\n  path: plugins\n  elements:\n  - script-like\n";
    project.replace("project.conf", "plugins:\n", conf);
    fs::create_dir(project.path().join("plugins")).expect("a folder of our own is writable");
    // Without its component, the name alone is no kind.
    host.run(&project, &["show", "greet.bst"]).refused(
        2,
        "unknown-kind",
        &["elements/greet.bst:1:7", "plugins/script-like.wasm", "--plugin script-like=FILE"],
    );
    fs::copy(component("script-like"), project.path().join("plugins/script-like.wasm"))
        .expect("a component can be copied");
    assert_eq!(key(&host, &project, &given, "greet.bst"), key(&host, &project, &[], "greet.bst"));
    assert_eq!(host.run(&project, &cat_both).success(), "good day\n");
}

#[test]
fn a_default_kind_can_be_swapped() {
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/made.bst", MANUAL)]));
    let swapped = plugin("manual", "own-manual");
    assert_ne!(key(&host, &project, &[], "made.bst"), key(&host, &project, &swapped, "made.bst"));
    assert_eq!(key(&host, &project, &[], "debian.bst"), key(&host, &project, &swapped, "debian.bst"));
    assert_eq!(contents(&host, &project, &[], "made.bst"), "  made.bst:\n\tmade\n\n");
    assert_eq!(
        contents(&host, &project, &swapped, "made.bst"),
        "  made.bst:\n\tmade\n\tmade-by-own-manual\n\n"
    );
}

/// A guest with a fault, the element that causes it, the reason, and further parts of the error.
const FAULTS: &[(&str, &str, &str, &[&str])] = &[
    ("loops-forever", "a", "plugin-out-of-fuel", &["configure", "did not finish", "fault of the plugin"]),
    ("allocates-endlessly", "a", "plugin-out-of-memory", &["configure", "memory", "fault of the plugin"]),
    ("traps", "a", "plugin-trap", &["configure", "unreachable", "fault of the plugin"]),
    ("panics", "a", "plugin-trap", &["configure", "no idea what to do with a.bst", "fault of the plugin"]),
    ("invalid-answer", "key-cycle", "plugin-invalid-answer", &["configure", "fault of the plugin"]),
    ("invalid-answer", "plan-relative", "plugin-invalid-answer", &["configure", "'src'"]),
    ("imports-wasi", "a", "plugin-refused-import", &["load", "wasi:cli/environment"]),
    ("other-world", "a", "plugin-wrong-world", &["load", "does not export spec:plugin/kind"]),
    ("wrong-version", "a", "plugin-wrong-version", &["load", "0.9.0"]),
];

#[test]
fn faults_of_components_are_told_and_harm_nothing() {
    let host = Host::new();
    for (guest, element, reason, says) in FAULTS {
        let file = format!("elements/{element}.bst");
        let project = Project::of(&[
            (&file, &format!("kind: {guest}\n")),
            ("elements/all.bst", &format!("kind: stack\ndepends: [fine.bst, {element}.bst]\n")),
            ("elements/fine.bst", "kind: stack\n"),
        ]);
        let outcome = run(&host, &project, &plugin(guest, guest), &["build", "all.bst"]);
        let place = format!("{file}:1:7");
        outcome.refused(2, reason, &[&[*guest, &place], *says].concat());
    }
    assert_eq!(host.left(), Vec::<PathBuf>::new());
}

#[test]
fn what_is_no_component_is_told() {
    let host = Host::new();
    let project = Project::of(&[
        ("elements/a.bst", "kind: thing\n"),
        ("text.wasm", "no component\n"),
        ("module.wasm", "\0asm\u{1}\0\0\0"),
    ]);
    for (file, says) in [("text.wasm", "not WebAssembly"), ("module.wasm", "a core module")] {
        let plugin = format!("thing={}", project.path().join(file).display());
        let outcome = host.run(&project, &["--plugin", &plugin, "build", "a.bst"]);
        outcome.refused(2, "plugin-not-a-component", &["'thing", file, "load", says, "elements/a.bst:1:7"]);
    }
}

#[test]
fn a_component_that_nothing_uses_is_told() {
    let (host, project) = (Host::new(), Project::of(&[("elements/a.bst", "kind: stack\n")]));
    let show = |plugin: &str| host.run(&project, &["--plugin", plugin, "show", "a.bst"]);
    show("unused=nope.wasm").refused(2, "plugin-unreadable", &["--plugin unused=nope.wasm"]);
    show("unused=/").refused(2, "plugin-unreadable", &["--plugin unused=/"]);
    let shown = show(&format!("unused={}", component("stack").display()));
    let _ = shown.success();
    assert!(shown.stderr.contains("warning[unused-plugin]"), "{}", shown.stderr);
    assert!(show(&format!("stack={}", component("stack").display())).stderr.is_empty());
}

/// A stanza of `plugins:`, the kind of the element, the reason, and further parts of the error.
const ORIGINS: &[(&str, &str, &str, &[&str])] = &[
    (
        "{origin: pip, package-name: 'buildstream-plugins<2', elements: [make]}",
        "make",
        "package-version-conflict",
        &["2.8.0"],
    ),
    (
        "{origin: pip, package-name: 'buildstream-plugins=2', elements: [make]}",
        "make",
        "package-malformed-requirement",
        &[">="],
    ),
    (
        "{origin: pip, package-name: our-plugins, elements: [make]}",
        "make",
        "package-not-found",
        &["our-plugins", "--plugin make=FILE"],
    ),
    (
        "{origin: pip, package-name: buildstream-plugins, elements: [mke]}",
        "mke",
        "plugin-not-found",
        &["autotools"],
    ),
    (
        "{origin: pip, package-name: buildstream-plugins-community, elements: [oci]}",
        "oci",
        "unsupported-kind",
        &["yet"],
    ),
    ("{origin: local, path: elements, elements: [make]}", "make", "unknown-kind", &["elements/make.wasm"]),
];

#[test]
fn a_kind_of_another_origin_is_not_silently_that_of_the_program() {
    let host = Host::shared();
    for (stanza, kind, reason, says) in ORIGINS {
        let conf = format!("name: origins\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {stanza}\n");
        let project = Project::of(&[("elements/a.bst", &format!("kind: {kind}\n"))]);
        project.write("project.conf", &conf);
        let place = if *reason == "unknown-kind" { "elements/a.bst:1:7" } else { "project.conf:5:" };
        let says = [&[place, *kind], *says].concat();
        host.run(&project, &["show", "a.bst"]).refused(2, reason, &says);
    }
    let good = "{origin: pip, package-name: 'BuildStream_Plugins >= 2.1, < 3', elements: [make]}";
    let project = Project::of(&[("elements/a.bst", "kind: make\n")]);
    project.write(
        "project.conf",
        &format!("name: origins\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {good}\n"),
    );
    let _ = host.run(&project, &["show", "a.bst"]).success();
}
