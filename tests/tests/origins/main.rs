//! Kinds come from where the project says, or are refused, as by BuildStream.

mod junctions;

use std::fs;
use std::path::{Path, PathBuf};

use spec_testkit::{ElementKeys, Host, Oracle, Outcome, Project, golden_keys, require_env};

const SHOW: [&str; 5] = ["show", "--format", "%{name} %{full-key}", "a.bst", "b.bst"];

/// A project with an element that has a source of a kind, and one that has none.
fn project(plugins: &str, kind: &str) -> Project {
    Project::of(&[
        (
            "project.conf",
            &format!("name: top\nmin-version: 2.0\nelement-path: elements\nplugins:\n{plugins}\n"),
        ),
        (
            "elements/a.bst",
            &format!(
                "kind: import\nsources:\n- kind: local\n  path: elements\n- kind: {kind}\n  path: fix.patch\n"
            ),
        ),
        ("elements/b.bst", "kind: stack\n"),
        ("fix.patch", ""),
        ("plugins/README", ""),
    ])
}

fn pip(package: &str, kind: &str) -> String {
    format!("- {{origin: pip, package-name: '{package}', sources: [{kind}]}}")
}

fn local(kind: &str) -> String {
    format!("- {{origin: local, path: plugins, sources: [{kind}]}}")
}

/// The stanzas, a kind, our reason, what our error says, and what that of BuildStream says.
fn refused() -> Vec<(String, &'static str, &'static str, &'static str, &'static str)> {
    vec![
        (
            pip("buildstream-plugins<2", "patch"),
            "patch",
            "package-version-conflict",
            "2.8.0",
            "Version conflict",
        ),
        (
            pip("buildstream-plugins=2", "patch"),
            "patch",
            "package-malformed-requirement",
            ">=2.1",
            "Malformed package-name",
        ),
        (pip("our-plugins", "patch"), "patch", "package-not-found", "our-plugins", "our-plugins"),
        (
            pip("buildstream-plugins", "ptach"),
            "ptach",
            "plugin-not-found",
            "cargo, docker",
            "does not contain",
        ),
        (
            pip("buildstream-plugins-community", "patch"),
            "patch",
            "plugin-not-found",
            "git_repo",
            "does not contain",
        ),
        (pip("buildstream-plugins", "local"), "local", "plugin-not-found", "patch", "does not contain"),
        (local("patch"), "patch", "unknown-source-kind", "plugins/patch.py", "Failed to load source plugin"),
    ]
}

#[test]
fn a_source_kind_of_another_origin_is_not_silently_that_of_the_program() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for (stanza, kind, reason, ours, theirs) in refused() {
        let project = project(&stanza, kind);
        let place = if reason == "unknown-source-kind" { "elements/a.bst:" } else { "project.conf:5:" };
        host.run(&project, &SHOW).refused(2, reason, &[place, kind, ours]);
        let oracle = oracle.bst(&project, &SHOW);
        assert!(oracle.code != Some(0) && oracle.stderr.contains(theirs), "{stanza}: {}", oracle.stderr);
        // A plugin that no element uses is not looked for.
        let (unused, used) = (&SHOW[..3], &SHOW[4..]);
        let _ = host.run(&project, &[unused, used].concat()).success();
    }
}

/// The lists of a project.conf, the files of an element, the kind that they do not declare, and the place of the kind.
const UNDECLARED: &[(&str, &str, &str, &str)] = &[
    ("", "kind: import\nsources:\n- kind: git_repo\n  url: a\n", "git_repo", "elements/a.bst:3:"),
    ("", "kind: import\nsources:\n- kind: ostree\n  url: a\n", "ostree", "elements/a.bst:3:"),
    ("", "kind: import\nsources:\n- kind: svn\n  url: a\n", "svn", "elements/a.bst:3:"),
    ("", "kind: make\n", "make", "elements/a.bst:1:7"),
    ("", "kind: oci\n", "oci", "elements/a.bst:1:7"),
    ("", "kind: homemade\n", "homemade", "elements/a.bst:1:7"),
    // A list is for its own type of plugins, and the names of sources are no kinds of elements.
    (
        "plugins: [{origin: pip, package-name: buildstream-plugins, sources: [pip]}]\n",
        "kind: pip\n",
        "pip",
        "elements/a.bst:1:7",
    ),
    ("mirrors: [{name: m, kind: simple_mirror}]\n", "kind: stack\n", "simple_mirror", "project.conf:4:"),
];

#[test]
fn a_kind_that_nothing_declares_is_one_of_buildstreams_own() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for (lists, element, kind, place) in UNDECLARED {
        let conf = format!("name: top\nmin-version: 2.0\nelement-path: elements\n{lists}");
        let project = Project::of(&[("project.conf", &conf), ("elements/a.bst", element)]);
        host.run(&project, &["show", "a.bst"]).refused(2, "plugin-not-found", &[place, kind]);
        let theirs = oracle.bst(&project, &["show", "a.bst"]);
        let says = format!("plugin registered for kind '{kind}'");
        assert!(theirs.code != Some(0) && theirs.stderr.contains(&says), "{kind}: {}", theirs.stderr);
    }
}

#[test]
fn the_hint_for_a_kind_of_a_package_is_the_stanza_that_is_missing() {
    let host = Host::new();
    for (package, list, kind, setting) in [
        ("buildstream-plugins", "elements", "make", ""),
        ("buildstream-plugins", "sources", "patch", "path: a.patch"),
        ("buildstream-plugins-community", "elements", "pyproject", ""),
        ("buildstream-plugins-community", "sources", "git_repo", "url: http://a/b"),
    ] {
        let conf = "name: top\nmin-version: 2.0\nelement-path: elements\n";
        let element = match list {
            "elements" => format!("kind: {kind}\n"),
            _ => format!("kind: import\nsources:\n- kind: {kind}\n  {setting}\n"),
        };
        let project = Project::of(&[("project.conf", conf), ("elements/a.bst", &element), ("a.patch", "")]);
        let stanza = format!("- {{origin: pip, package-name: {package}, {list}: [{kind}]}}");
        host.run(&project, &["show", "a.bst"]).refused(2, "plugin-not-found", &[&stanza]);
        project.write("project.conf", &format!("{conf}plugins:\n{stanza}\n"));
        let _ = host.run(&project, &["show", "a.bst"]).success();
    }
}

#[test]
fn mirrors_of_plugins_are_refused() {
    let host = Host::new();
    for (stanza, kind) in [
        (
            "{origin: pip, package-name: buildstream-plugins, source-mirrors: [simple_mirror]}",
            "simple_mirror",
        ),
        ("{origin: local, path: elements, source-mirrors: [default]}", "default"),
        ("{origin: junction, junction: none.bst, source-mirrors: [ours]}", "ours"),
    ] {
        let conf = format!(
            "name: top\nmin-version: 2.0\nelement-path: elements\nplugins:\n- {stanza}\nmirrors:\n- name: m\n  kind: {kind}\n"
        );
        let project = Project::of(&[("project.conf", &conf), ("elements/a.bst", "kind: stack\n")]);
        host.run(&project, &["show", "a.bst"]).refused(2, "unsupported-kind", &["project.conf:8:9", kind]);
        project.replace("project.conf", &format!("  kind: {kind}\n"), "  aliases: {}\n");
        let shown = host.run(&project, &["show", "a.bst"]);
        assert_eq!(shown.code == Some(0), kind != "default", "{}", shown.stderr);
    }
}

/// A plugin that BuildStream would not even read.
const OWN: &str = "class Patch: pass\n";

/// The SHA-256 that an error names.
fn sha256_in(outcome: &Outcome) -> String {
    let (_, after) = outcome.stderr.split_once("(SHA-256 ").expect("the error names it");
    after[..64].to_owned()
}

#[test]
fn a_plugin_of_the_project_is_that_of_the_program_if_this_is_stated_of_its_text() {
    let host = Host::new();
    let project = project(&local("patch"), "patch");
    project.write("plugins/patch.py", OWN);
    let show = |arguments: &[&str]| host.run(&project, &[arguments, &SHOW].concat());
    let unknown = show(&[]);
    unknown.refused(
        2,
        "unknown-source-plugin",
        &["elements/a.bst:5:3", "plugins/patch.py", "equal-source-plugins"],
    );
    let conf = project.read("project.conf");
    let state = |sha256: &str| {
        let stated = format!("elements:\n  spec-host:\n    equal-source-plugins:\n      patch: {sha256}\n");
        project.write("project.conf", &(conf.clone() + &stated));
    };
    let sha256 = sha256_in(&unknown);
    state(&sha256);
    let stated = show(&[]).success().to_owned();
    project.write("plugins/patch.py", &format!("from . import helper\n{OWN}"));
    let changed = ["project.conf:9:", "plugins/patch.py has", &sha256];
    show(&[]).refused(2, "unknown-source-plugin", &changed);
    project.write("plugins/helper.py", "");
    show(&[]).refused(2, "unknown-source-plugin", &["plugins/patch.py and helper.py has", &sha256]);
    state("abc");
    show(&[]).refused(2, "invalid-data", &["project.conf:9:", "64 digits"]);

    project.write("project.conf", &conf);
    let unknown = show(&[]);
    project.write(
        "user.conf",
        &format!("projects: {{top: {{equal-source-plugins: {{patch: {}}}}}}}\n", sha256_in(&unknown)),
    );
    let user = project.path().join("user.conf").display().to_string();
    assert_eq!(show(&["--config", &user]).success(), stated);
}

/// The folder of the plugins of a Python package, beside BuildStream.
fn folder_of(package: &str, plugins: &str) -> PathBuf {
    let bst = require_env("SPEC_BST");
    let libraries = bst.parent().expect("it is in a folder").with_file_name("lib");
    let mut versions = fs::read_dir(libraries).expect("Python has libraries").filter_map(Result::ok);
    let python = versions.find(|entry| entry.file_name().to_string_lossy().starts_with("python3"));
    let packages = python.expect("it is Python 3").path().join("site-packages");
    packages.join(package.replace('-', "_")).join(plugins)
}

/// Copies the plugins of a folder into one of the project.
fn copy_modules(from: &Path, project: &Project, to: &str) {
    for entry in fs::read_dir(from).expect("the package has plugins") {
        let path = entry.expect("a folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "py" || extension == "yaml") {
            let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
            project.write(&format!("{to}/{name}"), &fs::read_to_string(&path).expect("it is a text"));
        }
    }
}

#[test]
fn copies_of_published_plugins_are_known_by_their_texts() {
    let project = Project::named("keys-source-kinds");
    for (package, folder) in [("buildstream-plugins", "own"), ("buildstream-plugins-community", "community")]
    {
        let stanza = format!("- origin: pip\n  package-name: {package}\n");
        project.replace("project.conf", &stanza, &format!("- origin: local\n  path: plugins/{folder}\n"));
        copy_modules(&folder_of(package, "sources"), &project, &format!("plugins/{folder}"));
    }
    let (host, oracle) = (Host::new(), Oracle::new());
    for (options, golden) in golden_keys("keys-source-kinds") {
        let mut names: Vec<&str> = golden.iter().map(|element| &*element.name).collect();
        names.sort_unstable();
        let show = [&["show", "--deps", "all", "--format", "%{name} %{full-key}"], &*names].concat();
        let line = |element: &ElementKeys| format!("{} {}\n", element.name, element.strong);
        let shown = host.run(&project, &show).success().to_owned();
        assert_eq!(shown.trim_end(), golden.iter().map(line).collect::<String>().trim_end());
        assert!(options.is_empty());
        let live = oracle.keys(&project, &options, &names);
        assert_eq!(shown.trim_end(), live.iter().map(line).collect::<String>().trim_end());
    }
    project.write("plugins/own/patch.py", OWN);
    host.run(&project, &["show", "patches.bst"]).refused(
        2,
        "unknown-source-plugin",
        &["plugins/own/patch.py"],
    );
}

/// `cargo xtask bench real-builds` builds it, which takes too long for a test.
#[test]
fn the_example_of_real_sources_declares_its_kinds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/real");
    let project = Project::copy(&folder);
    let shown = Host::new().run(&project, &["show", "--deps", "all", "--format", "%{name}", "all.bst"]);
    assert!(shown.success().lines().any(|name| name == "bzversion.bst"));
}
