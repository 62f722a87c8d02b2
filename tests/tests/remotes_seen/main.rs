//! What users see of the servers that a session talks to: figures at its end, `doctor`, and what is refused before anything is
//! built.

mod certificates;
mod doctor;
mod figures;
mod refused;
mod tokens;

use std::path::Path;

use spec_testkit::{Host, Project};

/// A project whose one element runs no command.
fn project() -> Project {
    let project = Project::of(&[(
        "elements/a.bst",
        "kind: import\nsources:\n- kind: local\n  path: files\nconfig:\n  source: /\n",
    )]);
    project.write("files/one", &project.token());
    project
}

/// A host whose configuration has these lines from line 3 on.
fn configured(lines: &str) -> Host {
    let host = Host::new();
    host.configure(lines);
    host
}

/// `execution-service` and `storage-service` at one server, with what else is said of each.
fn cluster(url: &str, more: &str) -> String {
    format!(
        "remote-execution:\n  execution-service: {{url: '{url}'{more}}}\n  storage-service: {{url: '{url}'{more}}}\n"
    )
}

/// A server of artifacts, with what else is said of it.
fn artifacts(url: &str, more: &str) -> String {
    format!("artifacts:\n  servers:\n  - {{url: '{url}'{more}}}\n")
}

/// A file of ours, by its path.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file of our own folder");
    path.display().to_string()
}
