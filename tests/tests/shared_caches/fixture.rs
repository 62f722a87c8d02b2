//! A small project, servers, and what is common to the tests.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project, Service};

/// Elements that run no commands: `top` is a stack of `middle`, which is one of `one` and `two`.
pub(crate) fn project() -> Project {
    let project = Project::of(&[
        ("elements/one.bst", "kind: import\nsources:\n- {kind: local, path: files/one}\n"),
        ("elements/two.bst", "kind: import\nsources:\n- {kind: local, path: files/two}\n"),
        ("elements/middle.bst", "kind: stack\ndepends: [one.bst, two.bst]\n"),
        ("elements/top.bst", "kind: stack\ndepends: [middle.bst]\n"),
    ]);
    let token = project.token();
    project.write("files/one/usr/share/one", &format!("one of {token}"));
    project.write("files/two/usr/share/two", &format!("two of {token}"));
    project
}

/// A server over a cache of its own, which executes nothing.
pub(crate) fn serve(host: &Host, arguments: &[&str]) -> Service {
    Service::start(host, &[&["--workers", "0"], arguments].concat())
}

/// `artifacts:` or `source-caches:` with one server; `rest` are more of its keys, as YAML in braces.
pub(crate) fn server(key: &str, url: &str, push: bool, rest: &str) -> String {
    format!("{key}: {{servers: [{{url: '{url}', push: {push}{rest}}}]}}\n")
}

/// A machine of the team: an empty cache, and this configuration.
pub(crate) fn machine(lines: &str) -> Host {
    let host = Host::new();
    host.configure(lines);
    host
}

/// How many jobs of a task did something.
pub(crate) fn done(outcome: &Outcome, task: &str) -> usize {
    let is_end = |line: &&str| line.contains(&format!(" {task} ")) && line.contains(" done in ");
    outcome.stderr.lines().filter(is_end).count()
}

/// All that is in a folder: kinds, modes, targets of links, and contents.
pub(crate) fn listing(folder: &Path) -> String {
    let script = "find . -printf '%P %y %m %l\n' | sort; find . -type f -exec sha256sum '{}' + | sort";
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", script]).current_dir(folder);
    Outcome::of(shell, Duration::from_secs(60)).success().to_owned()
}

/// The files of an element's artifact, as `artifact checkout` writes them.
pub(crate) fn checkout(host: &Host, project: &Project, element: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let to = folder.path().join("out");
    let to_text = to.display().to_string();
    let arguments = ["artifact", "checkout", "--directory", &to_text, element];
    let _ = host.run(project, &arguments).success();
    listing(&to)
}
