//! New plugins build and pass their tests at once.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use spec_testkit::{Host, require_env};

const WORLDS: [&str; 3] = ["element-kind", "overlay-policy", "priming-policy"];

fn new(host: &Host, folder: &Path, world: &str, language: &str) {
    let new =
        ["plugin", "new", world, "--lang", language, "my-plugin", "--folder", &folder.display().to_string()];
    let outcome = host.run_in(Path::new("/"), &new);
    assert!(outcome.success().contains("spec-plugin.yaml"), "{}", outcome.stdout);
}

#[test]
fn a_policy_in_rust_builds_and_passes_its_tests_at_once() {
    let host = Host::new();
    let folder = host.folder().join("my-plugin");
    new(&host, &folder, "priming-policy", "rust");
    let text = folder.display().to_string();
    let tested = host.run_in(Path::new("/"), &["plugin", "test", &text]);
    assert!(tested.success().contains(" 0 not"), "{}", tested.stdout);
    let component = folder.join("build/my-plugin.wasm").display().to_string();
    let inspected = host.run_in(Path::new("/"), &["plugin", "inspect", &component]);
    for says in ["my-plugin 0.1.0", "priming-policy, contract 0.2.0", "least-ms (number, default 20)"] {
        assert!(inspected.success().contains(says), "{says}:\n{}", inspected.stdout);
    }
    let benched = host.run_in(Path::new("/"), &["plugin", "bench", &text, "--json"]);
    let rows: serde_json::Value = serde_json::from_str(benched.success()).expect("it is JSON");
    let entries: Vec<_> =
        rows.as_array().expect("a list").iter().map(|row| row["entries"].as_u64()).collect();
    assert_eq!(entries, [Some(1), Some(60), Some(1000)]);
    assert!(rows[2]["fuel"].as_u64() > Some(0) && rows[2]["memory"].as_u64() > Some(0), "{rows}");
    // Its own test needs no spec-host.
    let native = Command::new("cargo")
        .args(["test", "--quiet", "--offline", "--release"])
        .current_dir(&folder)
        .status();
    assert!(native.expect("cargo is there").success());
}

#[test]
fn golden_decisions_that_differ_are_told_and_taken_over() {
    let host = Host::new();
    let folder = host.folder().join("my-plugin");
    new(&host, &folder, "priming-policy", "c");
    let (text, sample) = (folder.display().to_string(), folder.join("samples/decisions.yaml"));
    let component = super::component("priming-eager").display().to_string();
    let test = ["plugin", "test", &text, "--component", &component];
    // It has no such setting.
    host.run_in(Path::new("/"), &test).refused(2, "policy-unknown-setting", &["least-ms"]);
    let written = std::fs::read_to_string(&sample)
        .expect("it is there")
        .replace("  least-ms: 50\n", "")
        .replace("settings:\n", "");
    std::fs::write(&sample, written).expect("it can be written");
    let different = host.run_in(Path::new("/"), &test);
    assert_eq!(different.code, Some(2), "{}", different.stderr);
    assert!(different.stdout.contains("- skip too-cheap\n    + submit"), "{}", different.stdout);
    let _ = host.run_in(Path::new("/"), &[&test[..], &["--update"]].concat()).success();
    assert!(host.run_in(Path::new("/"), &test).success().contains("3 answers as expected, 0 not"));
}

#[test]
fn missing_tools_are_named_with_the_command_that_installs_them() {
    let host = Host::new();
    for (language, tool, install) in [
        ("js", "jco", "npm install"),
        ("python", "componentize-py", ".venv/bin/pip install --requirement requirements.txt"),
    ] {
        for world in WORLDS {
            let folder = host.folder().join(format!("{language}-{world}"));
            new(&host, &folder, world, language);
            let build = host.run_in(Path::new("/"), &["plugin", "build", &folder.display().to_string()]);
            build.refused(1, "tool-missing", &[tool, install]);
        }
    }
    let folder = host.folder().join("js-priming-policy");
    let again =
        ["plugin", "new", "priming-policy", "--lang", "js", "x", "--folder", &folder.display().to_string()];
    host.run_in(Path::new("/"), &again).refused(2, "folder-in-use", &["not empty"]);
}

#[test]
fn native_tests_of_other_languages_need_no_host() {
    let host = Host::new();
    for (language, program, arguments) in [
        ("c", "make", &["test"][..]),
        ("js", "npm", &["test"]),
        ("python", "python3", &["-m", "unittest", "discover", "test"]),
    ] {
        for world in WORLDS {
            let folder = host.folder().join(format!("{language}-{world}"));
            new(&host, &folder, world, language);
            let tested = Command::new(program).args(arguments).current_dir(&folder).output();
            let tested = tested.unwrap_or_else(|error| panic!("{program}: {error}"));
            let text = String::from_utf8_lossy(&[tested.stdout, tested.stderr].concat()).into_owned();
            assert!(tested.status.success(), "{language} {world}:\n{text}");
        }
    }
}

/// They take the tools that `cargo xtask languages` installs. Python is slow to compile: one world is enough.
#[test]
fn plugins_in_other_languages_build_and_pass_their_tests_at_once() {
    let (host, tools) = (Host::new(), require_env("SPEC_LANGUAGE_TOOLS"));
    for (language, worlds, tool, place) in [
        ("js", &WORLDS[..], "node/node_modules", "node_modules"),
        ("c", &WORLDS[..], "python", ".venv"),
        ("python", &WORLDS[2..], "python", ".venv"),
    ] {
        for world in worlds {
            let folder = host.folder().join(format!("{language}-{world}"));
            new(&host, &folder, world, language);
            symlink(tools.join(tool), folder.join(place)).expect("the folder is new");
            let tested = host.run_in(Path::new("/"), &["plugin", "test", &folder.display().to_string()]);
            assert!(tested.success().contains(" 0 not"), "{language} {world}: {}", tested.stdout);
        }
    }
}
