//! New plugins build and pass their tests at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use spec_testkit::{Host, require_env};

const WORLDS: [&str; 3] = ["element-kind", "overlay-policy", "priming-policy"];

fn new(host: &Host, folder: &Path, world: &str, language: &str, sdk: Option<&str>) {
    let folder = folder.display().to_string();
    let mut new = vec!["plugin", "new", world, "--lang", language, "my-plugin", "--folder", &folder];
    new.extend(sdk.into_iter().flat_map(|sdk| ["--sdk", sdk]));
    let outcome = host.run_in(Path::new("/"), &new);
    assert!(outcome.success().contains("spec-plugin.yaml"), "{}", outcome.stdout);
}

/// What they need of the registry of crates is compiled in the folder of the guests, where most of it is already.
#[test]
fn plugins_in_rust_build_and_pass_their_tests_at_once() {
    let host = Host::new();
    let folders = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins");
    if folders.exists() {
        fs::remove_dir_all(&folders).expect("a folder of our own");
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests");
    fs::create_dir_all(&target).expect("a folder of our own");
    let sdk = concat!("path=", env!("CARGO_MANIFEST_DIR"), "/../guest-sdk");
    for (world, sdk) in [("priming-policy", None), ("element-kind", Some(sdk)), ("overlay-policy", Some(sdk))]
    {
        let folder = folders.join(world);
        new(&host, &folder, world, "rust", sdk);
        symlink(&target, folder.join("target")).expect("the folder is new");
        let tested = host.run_in(Path::new("/"), &["plugin", "test", &folder.display().to_string()]);
        assert!(tested.success().contains(" 0 not"), "{world}: {}", tested.stdout);
        // Its own test needs no spec-host. Only what is in other folders is optimized across crates, which is slow.
        let native = Command::new("timeout")
            .args(["280", "cargo", "test", "--quiet", "--offline", "--release"])
            .args(["--config", "profile.release.lto=false"])
            // As for the component, so that what both need is compiled once.
            .env("RUSTFLAGS", "")
            .current_dir(&folder)
            .status();
        assert!(native.expect("timeout is there").success(), "{world}");
    }
    what_is_built_can_be_looked_at(&host, &folders.join("priming-policy"));
}

/// The folder of a plugin stands for its component.
fn what_is_built_can_be_looked_at(host: &Host, folder: &Path) {
    let text = folder.display().to_string();
    let inspected = host.run_in(Path::new("/"), &["plugin", "inspect", &text]);
    for says in ["my-plugin 0.1.0", "priming-policy, contract 0.2.0", "least-ms (number, default 20)"] {
        assert!(inspected.success().contains(says), "{says}:\n{}", inspected.stdout);
    }
    let checked = host.run_in(Path::new("/"), &["plugin", "check", &text]);
    assert!(checked.success().contains("a good priming policy"), "{}", checked.stdout);
    let benched = host.run_in(Path::new("/"), &["plugin", "bench", &text, "--json"]);
    let rows: serde_json::Value = serde_json::from_str(benched.success()).expect("it is JSON");
    let entries: Vec<_> =
        rows.as_array().expect("a list").iter().map(|row| row["entries"].as_u64()).collect();
    assert_eq!(entries, [Some(1), Some(60), Some(1000)]);
    assert!(rows[2]["fuel"].as_u64() > Some(0) && rows[2]["memory"].as_u64() > Some(0), "{rows}");
}

#[test]
fn golden_decisions_that_differ_are_told_and_taken_over() {
    let host = Host::new();
    let folder = host.folder().join("my-plugin");
    new(&host, &folder, "priming-policy", "c", None);
    let (text, sample) = (folder.display().to_string(), folder.join("samples/decisions.yaml"));
    let component = super::component("priming-eager").display().to_string();
    let test = ["plugin", "test", &text, "--component", &component];
    // It has no such setting.
    host.run_in(Path::new("/"), &test).refused(2, "policy-unknown-setting", &["least-ms"]);
    let written = fs::read_to_string(&sample)
        .expect("it is there")
        .replace("  least-ms: 50\n", "")
        .replace("settings:\n", "");
    fs::write(&sample, written).expect("it can be written");
    let different = host.run_in(Path::new("/"), &test);
    assert_eq!(different.code, Some(2), "{}", different.stderr);
    assert!(different.stdout.contains("- skip too-cheap\n    + submit"), "{}", different.stdout);
    let _ = host.run_in(Path::new("/"), &[&test[..], &["--update"]].concat()).success();
    assert!(host.run_in(Path::new("/"), &test).success().contains("3 answers as expected, 0 not"));
}

#[test]
fn what_is_missing_is_named_with_what_to_do_about_it() {
    let host = Host::new();
    for (language, tool, install) in [
        ("js", "jco", "npm ci"),
        ("python", "componentize-py", ".venv/bin/pip install --requirement requirements.txt"),
    ] {
        for world in WORLDS {
            let folder = host.folder().join(format!("{language}-{world}"));
            new(&host, &folder, world, language, None);
            let build = host.run_in(Path::new("/"), &["plugin", "build", &folder.display().to_string()]);
            build.refused(1, "tool-missing", &[tool, install]);
        }
    }
    let folder = host.folder().join("js-priming-policy");
    let again =
        ["plugin", "new", "priming-policy", "--lang", "js", "x", "--folder", &folder.display().to_string()];
    host.run_in(Path::new("/"), &again).refused(2, "folder-in-use", &["not an empty folder"]);
    let says = |arguments: &[&str], reason: &str, says: &str| {
        host.run_in(Path::new("/"), &[&["plugin"], arguments].concat()).refused(2, reason, &[says]);
    };
    let text = folder.display().to_string();
    says(&["bench", &text], "plugin-not-built", "spec-host plugin build");
    says(&["inspect", &text], "plugin-not-built", "my-plugin.wasm");
    says(&["check", "/etc"], "plugin-no-manifest", "/etc/spec-plugin.yaml");
    says(&["build", "/etc"], "plugin-no-manifest", "spec-host plugin new");
    says(&["inspect", "/no/such.wasm"], "plugin-unreadable", "/no/such.wasm");
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
            new(&host, &folder, world, language, None);
            let tested =
                Command::new("timeout").args(["120", program]).args(arguments).current_dir(&folder).output();
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
            new(&host, &folder, world, language, None);
            symlink(tools.join(tool), folder.join(place)).expect("the folder is new");
            let tested = host.run_in(Path::new("/"), &["plugin", "test", &folder.display().to_string()]);
            assert!(tested.success().contains(" 0 not"), "{language} {world}: {}", tested.stdout);
        }
    }
}
