//! The binary on files, texts and caches that are not what they should be.

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, mknodat};
use support::Project;

/// Longer than any of these commands takes, and shorter than one that waits for ever.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs it to its end, which must come soon: exit code and standard error.
#[track_caller]
fn run_soon(project: &Project, arguments: &[&str]) -> (Option<i32>, String) {
    let errors = project.path("errors");
    let mut command = project.command(arguments);
    command.stdout(Stdio::null()).stderr(File::create(&errors).expect("the folder is ours"));
    let mut child = command.spawn().expect("the binary starts");
    let began = Instant::now();
    while began.elapsed() < DEADLINE {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return (status.code(), fs::read_to_string(errors).expect("it writes UTF-8"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill().and_then(|()| child.wait());
    panic!("{arguments:?} does not end");
}

fn pipe_at(path: &Path) {
    let _ = fs::remove_file(path);
    mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).expect("the folder is ours");
}

fn kept(project: &Project, folder: &str) -> Vec<PathBuf> {
    let folder = project.path("home/.cache/spec-host/plugins").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

/// Sixty flips of a bit in the code of a component: each time the program says the same, and mends the file.
#[test]
fn a_flipped_bit_in_compiled_code_changes_nothing() {
    let project = Project::new();
    let show = ["show", "-d", "none", "-f", "%{full-key}", "leaf.bst"];
    let expect = project.good(&show);
    let code = kept(&project, "code").remove(0);
    let sound = fs::read(&code).expect("it is there");
    for flip in 0..60 {
        let bit = (sound.len() * 8 - 1) * flip / 59;
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&code, &flipped).expect("the folder is ours");
        // Without its answers the component is asked again.
        kept(&project, "answers").iter().for_each(|file| fs::remove_file(file).expect("it is ours"));
        let (status, stdout, stderr) = project.run(&show);
        // On a busy machine the component takes so long to compile again that the user is told of it.
        let told: Vec<_> = stderr.lines().filter(|line| !line.starts_with("compil")).collect();
        assert_eq!((status, &*stdout, &*told), (0, &*expect, &[][..]), "bit {bit}");
        assert_ne!(fs::read(&code).expect("it is there"), flipped, "bit {bit}");
    }
}

#[test]
fn what_happened_to_a_kept_file_is_told_to_those_who_want_to_know() {
    let project = Project::new();
    let show = ["show", "-d", "none", "-f", "%{full-key}", "leaf.bst"];
    let expect = project.good(&show);
    for folder in ["code", "answers"] {
        for file in kept(&project, folder) {
            File::options().write(true).open(file).and_then(|file| file.set_len(100)).expect("it is ours");
        }
    }
    let (status, stdout, stderr) = project.run(&[&["--debug"], &show[..]].concat());
    assert_eq!((status, stdout), (0, expect));
    assert_eq!(stderr.matches("it is damaged").count(), 2, "{stderr}");
    assert_eq!(project.run(&show).2, "");
}

/// Every file that a project or a user names, as a pipe that nobody writes to.
#[test]
fn a_pipe_is_not_waited_for() {
    for (file, arguments) in [
        ("elements/leaf.bst", &["show", "leaf.bst"][..]),
        ("more.yml", &["show", "leaf.bst"]),
        ("project.refs", &["show", "remote.bst"]),
        ("kinds/own.wasm", &["show", "own.bst"]),
        ("home/.config/spec-host.conf", &["show", "leaf.bst"]),
        ("pipe", &["--config", "pipe", "show", "leaf.bst"]),
        ("pipe", &["--plugin", "import=pipe", "show", "leaf.bst"]),
        ("pipe", &["build", "--priming-policy", "./pipe", "leaf.bst"]),
        ("pipe", &["cas", "push", "--token", "pipe", "files", "--remote", "http://127.0.0.1:9"]),
        ("pipe", &["serve", "--listen", "127.0.0.1:0", "--write-tokens", "pipe"]),
        ("pipe", &["source", "fetch", "remote.bst"]),
    ] {
        let project = Project::new();
        let conf = "name: demo\nmin-version: 2.4\nelement-path: elements\nref-storage: project.refs\n\
                    plugins:\n- origin: local\n  path: kinds\n  elements: [own]\n";
        let include = if file == "more.yml" { "(@):\n- more.yml\n" } else { "" };
        let storage = if file == "project.refs" {
            conf.to_owned()
        } else {
            conf.replace("ref-storage: project.refs\n", "")
        };
        project.write("project.conf", &(storage + include));
        project.write("kinds/own.wasm", "");
        project.write("elements/own.bst", "kind: own\n");
        let reference = "0".repeat(64);
        let url = format!("file://{}", project.path("pipe").display());
        project.write(
            "elements/remote.bst",
            &format!("kind: import\nsources:\n- kind: remote\n  url: {url}\n  ref: {reference}\n"),
        );
        pipe_at(&project.path(file));
        let (code, stderr) = run_soon(&project, arguments);
        assert!(matches!(code, Some(1 | 2)), "{file} {arguments:?}: {code:?} {stderr}");
        let says = if file == "kinds/own.wasm" { "there is no component" } else { "a pipe" };
        assert!(stderr.contains(says), "{file} {arguments:?}: {stderr}");
    }
}

#[test]
fn a_pipe_is_no_project() {
    let project = Project::new();
    pipe_at(&project.path("project.conf"));
    let (code, stderr) = run_soon(&project, &["show", "leaf.bst"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("project-not-loaded"), "{stderr}");
}

#[test]
fn null_is_an_empty_configuration() {
    let project = Project::new();
    project.good(&["--config", "/dev/null", "show", "leaf.bst"]);
}

/// Texts of a project go through the component, the errors and the messages of a build.
#[test]
fn nothing_that_a_project_says_reaches_the_terminal_as_it_is() {
    let project = Project::new();
    let evil = "\\e[2J\\e]0;title\\a\\x9b31m\\u202e";
    let import = "kind: import\nsources:\n- kind: local\n  path: files\n";
    project.write("elements/key.bst", &format!("{import}config:\n  \"{evil}\": x\n"));
    project.write("elements/kind.bst", &format!("kind: \"{evil}\"\n"));
    project.write(
        "elements/alias.bst",
        &format!("kind: import\nsources:\n- kind: remote\n  url: \"{evil}:x\"\n"),
    );
    project.write("elements/source.bst", &format!("{import}config:\n  source: \"/{evil}\"\n"));
    for element in ["key.bst", "kind.bst", "alias.bst", "source.bst", "\x1b[2J.bst"] {
        let arguments = ["--log-file", "log", "--json-events", "events", "--colors", "build", element];
        let (code, stdout, stderr) = project.run(&arguments);
        assert_ne!(code, 0, "{element}");
        let log = fs::read_to_string(project.path("log")).unwrap_or_default();
        for text in [&stdout, &stderr, &log] {
            let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\x1b') || c == '\u{202e}';
            assert!(!text.contains(bad), "{element}: {text:?}");
            let colours = text.split('\x1b').skip(1).all(|rest| {
                let end = rest.find('m').unwrap_or_default();
                rest.starts_with('[')
                    && end > 1
                    && rest[1..end].chars().all(|c| c.is_ascii_digit() || c == ';')
            });
            assert!(colours, "{element}: {text:?}");
        }
        for line in fs::read_to_string(project.path("events")).unwrap_or_default().lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("every line is JSON");
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
        }
    }
}

/// Nothing is downloaded for a build while a ref of it is wrong.
#[test]
fn a_wrong_ref_is_told_before_the_first_job() {
    let project = Project::new();
    project.write("data", "contents");
    let url = format!("file://{}", project.path("data").display());
    let good = spec_model::Digest::of(b"contents").hex();
    for (name, reference) in [("good", good.as_str()), ("wrong", "v1.2"), ("empty", "")] {
        let text = format!("kind: import\nsources:\n- kind: remote\n  url: {url}\n  ref: {reference}\n");
        project.write(&format!("elements/{name}.bst"), &text);
    }
    for (name, says) in [("wrong", "'v1.2' is not a digest"), ("empty", "is empty")] {
        let element = format!("{name}.bst");
        for command in [&["build"][..], &["source", "fetch"]] {
            let (code, _, stderr) = project.run(&[command, &["good.bst", &element]].concat());
            assert_eq!(code, 2, "{stderr}");
            for part in ["error[invalid-ref]", says, &format!("{element}:5:"), "source track"] {
                assert!(stderr.contains(part), "'{part}' is not in: {stderr}");
            }
            assert!(!stderr.contains("fetch good.bst"), "{stderr}");
        }
        let state = ["show", "-d", "none", "-f", "%{state}", &element];
        assert_eq!(project.good(&state), "fetch needed\n");
        project.good(&["source", "track", &element]);
        project.good(&["source", "fetch", &element]);
        assert_eq!(project.good(&state), "buildable\n");
    }
}
