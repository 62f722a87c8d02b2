//! Kinds that come from projects behind junctions.

use std::fs;

use spec_testkit::{ElementKeys, Host, Oracle, Project, golden_keys, require_env};

use crate::{OWN, SHOW, copy_modules, folder_of, project, sha256_in};

const JUNCTION: &str = "kind: junction\nsources:\n- kind: local\n  path: sub\n";
const PATCH: &str = "- {origin: junction, junction: plugins.bst, sources: [patch]}";

/// A project that takes `patch` from a project behind `plugins.bst`, whose project.conf ends with these lines.
fn behind(lines: &str) -> Project {
    let project = project(PATCH, "patch");
    project.write("elements/plugins.bst", JUNCTION);
    project.write("sub/project.conf", &format!("name: team\nmin-version: 2.0\n{lines}\n"));
    project
}

/// A project with two junctions in a row, the second of which leads to a project whose project.conf ends with these lines.
fn behind_two(lines: &str) -> Project {
    let project = behind("plugins:\n- {origin: junction, junction: inner.bst, sources: [patch]}");
    project.write("sub/inner.bst", "kind: junction\nsources:\n- kind: local\n  path: inner\n");
    project.write("sub/inner/project.conf", &format!("name: innermost\nmin-version: 2.0\n{lines}\n"));
    project
}

fn with_junction(text: &str) -> Project {
    let project = behind("");
    project.write("elements/plugins.bst", text);
    project
}

/// A project, our reason, what our error says, and what that of BuildStream says.
type Refused = (Project, &'static str, &'static [&'static str], &'static str);

fn refused() -> Vec<Refused> {
    let pip = |requirement: &str| {
        format!("plugins:\n- {{origin: pip, package-name: '{requirement}', sources: [patch]}}")
    };
    vec![
        (
            behind(""),
            "junction-plugin-not-found",
            &["project.conf:5:", "'team'", "'plugins.bst'", "'patch'"],
            "does not declare a source plugin named: 'patch'",
        ),
        (
            behind_two(""),
            "junction-plugin-load-error",
            &["project.conf:5:", "'team'", "plugins.bst:project.conf:4:", "'innermost'"],
            "does not declare a source plugin named: 'patch'",
        ),
        (
            behind(&pip("buildstream-plugins<2")),
            "junction-plugin-load-error",
            &["project.conf:5:", "'team'", "plugins.bst:project.conf:4:", "2.8.0"],
            "Version conflict",
        ),
        (
            behind_two(&pip("our-plugins")),
            "junction-plugin-load-error",
            &["project.conf:5:", "'team'", "plugins.bst:inner.bst:project.conf:4:", "our-plugins"],
            "our-plugins",
        ),
        (
            behind("plugins:\n- {origin: local, path: ., sources: [patch]}"),
            "unknown-source-kind",
            &["elements/a.bst:5:", "plugins.bst:patch.py"],
            "Failed to load source plugin",
        ),
        (
            with_junction("kind: stack\n"),
            "invalid-data",
            &["project.conf:5:", "plugins.bst"],
            "xpected junction",
        ),
        (
            with_junction("kind: junction\nsources:\n- kind: tar\n  url: file:///nowhere/a.tar\n"),
            "subproject-inconsistent",
            &["project.conf:5:", "plugins.bst", "source track"],
            "ref",
        ),
        (
            with_junction(
                "kind: junction\nsources:\n- kind: remote\n  url: file:///nowhere/a\n  \
                 ref: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
            ),
            "download-failed",
            &["elements/plugins.bst:3:", "/nowhere/a"],
            "/nowhere/a",
        ),
        (
            with_junction(&format!("{JUNCTION}- kind: patch\n  path: fix.patch\n")),
            "circular-reference",
            &["project.conf:5:", "plugins.bst"],
            "Circular reference",
        ),
    ]
}

#[test]
fn a_plugin_that_the_project_behind_a_junction_does_not_have_is_refused() {
    let (host, oracle) = (Host::new(), Oracle::new());
    for (project, reason, ours, theirs) in refused() {
        let code = if reason == "download-failed" { 1 } else { 2 };
        host.run(&project, &SHOW).refused(code, reason, ours);
        let oracle = oracle.bst(&project, &SHOW);
        assert!(oracle.code != Some(0) && oracle.stderr.contains(theirs), "{reason}: {}", oracle.stderr);
        // A junction that no element needs is not looked at.
        let _ = host.run(&project, &[&SHOW[..3], &SHOW[4..]].concat()).success();
    }
}

#[test]
fn a_plugin_behind_junctions_is_that_of_the_program_if_this_is_stated_of_its_text() {
    let host = Host::new();
    let project = behind_two("plugins:\n- {origin: local, path: ., sources: [patch]}");
    project.write("sub/inner/patch.py", OWN);
    let show = || host.run(&project, &SHOW);
    let unknown = show();
    let says = ["elements/a.bst:5:3", "plugins.bst:inner.bst:patch.py", "equal-source-plugins"];
    unknown.refused(2, "unknown-source-plugin", &says);
    let sha256 = sha256_in(&unknown);
    let stated = format!("elements:\n  spec-host:\n    equal-source-plugins:\n      patch: {sha256}\n");
    // By the project, and by those behind the junctions, whose sources they are not.
    for conf in ["project.conf", "sub/inner/project.conf", "sub/project.conf"] {
        let before = project.read(conf);
        project.write(conf, &(before.clone() + &stated));
        let _ = show().success();
        project.write(conf, &before);
    }
    show().refused(2, "unknown-source-plugin", &says);
    project.write("sub/project.conf", &(project.read("sub/project.conf") + &stated));
    project.write("sub/inner/patch.py", "");
    show().refused(2, "unknown-source-plugin", &["plugins.bst:project.conf:", "has changed", &sha256]);
}

#[test]
fn an_element_kind_behind_a_junction_has_the_component_of_its_folder_or_a_known_text() {
    let host = Host::new();
    let stanza = "- {origin: junction, junction: plugins.bst, elements: [script-like, make]}";
    let project = Project::of(&[
        (
            "project.conf",
            &format!("name: top\nmin-version: 2.0\nelement-path: elements\nplugins:\n{stanza}\n"),
        ),
        ("elements/plugins.bst", JUNCTION),
        ("elements/own.bst", "kind: script-like\nconfig: {commands: [\"true\"]}\n"),
        ("elements/made.bst", "kind: make\n"),
        (
            "sub/project.conf",
            "name: team\nmin-version: 2.0\nplugins:\n- {origin: local, path: kinds, elements: [script-like, make]}\n",
        ),
        ("sub/kinds/make.py", OWN),
    ]);
    let show = |element: &str| host.run(&project, &["show", element]);
    let says = ["elements/own.bst:1:7", "plugins.bst:kinds/script-like.wasm"];
    show("own.bst").refused(2, "unknown-kind", &says);
    let component = require_env("SPEC_COMPONENTS").join("script-like.wasm");
    fs::copy(component, project.path().join("sub/kinds/script-like.wasm")).expect("it can be copied");
    let _ = show("own.bst").success();

    let unknown = show("made.bst");
    let says = ["elements/made.bst:1:7", "plugins.bst:kinds/make.py", "equal-element-plugins"];
    unknown.refused(2, "unknown-element-plugin", &says);
    let conf = project.read("project.conf");
    let state = |sha256: &str| {
        let stated = format!("elements:\n  spec-host:\n    equal-element-plugins: {{make: {sha256}}}\n");
        project.write("project.conf", &(conf.clone() + &stated));
    };
    state(&sha256_in(&unknown));
    let _ = show("made.bst").success();
    // The defaults are part of a plugin.
    project.write("sub/kinds/make.yaml", "variables: {}\n");
    let changed = show("made.bst");
    let says = ["project.conf:8:", "plugins.bst:kinds/make.py and make.yaml has"];
    changed.refused(2, "unknown-element-plugin", &says);
}

/// The plugins of a Python package, as a project of their own behind a junction.
fn plugin_project(project: &Project, package: &str, stanza: &str) {
    let folder = package.replace('-', "_");
    for plugins in ["elements", "sources"] {
        copy_modules(&folder_of(package, plugins), project, &format!("{folder}/{plugins}"));
    }
    let junction = format!("kind: junction\nsources:\n- kind: local\n  path: {folder}\n");
    project.write(&format!("elements/{folder}.bst"), &junction);
    let conf = project.read("project.conf");
    let lists = conf.split_once(stanza).expect("it is there").1;
    let lists: String =
        lists.lines().take_while(|line| line.starts_with(' ')).map(|line| format!("{line}\n")).collect();
    let of = if lists.contains("sources:") { "sources" } else { "elements" };
    project.write(
        &format!("{folder}/project.conf"),
        &format!("name: {package}\nmin-version: 2.0\nplugins:\n- origin: local\n  path: {of}\n{lists}"),
    );
    let junction = format!("- origin: junction\n  junction: {folder}.bst\n");
    project.replace("project.conf", stanza, &junction);
}

#[test]
fn published_plugins_behind_a_junction_have_the_keys_of_their_packages() {
    let (own, community) = ("buildstream-plugins", "buildstream-plugins-community");
    let (host, oracle) = (Host::new(), Oracle::new());
    for (name, packages) in [
        ("keys-kinds", &[own][..]),
        ("keys-community", &[community]),
        ("keys-source-kinds", &[own, community]),
    ] {
        let project = Project::named(name);
        for package in packages {
            let is_constrained = name == "keys-community";
            let constraint = if is_constrained { ">=2.0" } else { "" };
            plugin_project(
                &project,
                package,
                &format!("- origin: pip\n  package-name: {package}{constraint}\n"),
            );
        }
        let (_, golden) = golden_keys(name).remove(0);
        let mut names: Vec<&str> = golden.iter().map(|element| &*element.name).collect();
        names.sort_unstable();
        let show = [&["show", "--deps", "all", "--format", "%{name} %{full-key}"], &*names].concat();
        let lines = |keys: Vec<ElementKeys>| -> String {
            keys.iter().map(|element| format!("{} {}\n", element.name, element.strong)).collect()
        };
        let shown = host.run(&project, &show).success().trim_end().to_owned();
        assert_eq!(shown, lines(golden.clone()).trim_end());
        assert_eq!(shown, lines(oracle.keys(&project, &[], &names)).trim_end());
    }
}

/// The sources of a junction may be of a kind that comes from behind another one, as freedesktop-sdk's are.
#[test]
fn a_junction_has_sources_of_a_plugin_behind_another_junction() {
    let (host, oracle) = (Host::new(), Oracle::new());
    let project = behind_two("plugins:\n- {origin: local, path: src, sources: [patch]}");
    copy_modules(&folder_of("buildstream-plugins", "sources"), &project, "sub/inner/src");
    let patch = "--- a/e.bst\n+++ b/e.bst\n@@ -1 +1,2 @@\n kind: stack\n+description: patched\n";
    project.write("fix.patch", patch);
    project.write("other/project.conf", "name: other\nmin-version: 2.0\n");
    project.write("other/e.bst", "kind: stack\n");
    let other = "kind: junction\nsources:\n- kind: local\n  path: other\n- kind: patch\n  path: fix.patch\n";
    project.write("elements/other.bst", other);
    project.write("elements/b.bst", "kind: stack\ndepends:\n- other.bst:e.bst\n");
    let keys = oracle.keys(&project, &[], &["b.bst"]);
    let line = |element: &ElementKeys| format!("{} {} ", element.name, element.strong);
    let lines: Vec<String> = keys.iter().map(line).collect();
    let show = ["show", "--format", "%{name} %{full-key} %{description}", "b.bst"];
    let shown = host.run(&project, &show).success().to_owned();
    assert_eq!(shown, format!("{}patched\n{}\n", lines[0], lines[1]));
}
