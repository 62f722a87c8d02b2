//! BuildStream with `spec-host serve` as its artifact and source cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Oracle, Outcome, Project, Service};

/// `artifacts:` or `source-caches:` with these servers: pairs of a type and whether to push.
fn servers(key: &str, url: &str, servers: &[(&str, bool)]) -> String {
    let servers = servers.iter();
    let servers: String =
        servers.map(|(kind, push)| format!("  - url: {url}\n    type: {kind}\n    push: {push}\n")).collect();
    format!("{key}:\n  servers:\n{servers}")
}

/// Everything in a folder: kinds, modes, targets of links, and contents.
fn listing(folder: &Path) -> String {
    let script = "find . -printf '%P %y %m %l\n' | sort; find . -type f -exec sha256sum '{}' + | sort";
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", script]).current_dir(folder);
    Outcome::of(shell, Duration::from_secs(60)).success().to_owned()
}

/// The files of all blobs in a store.
fn blobs(host: &Host) -> Vec<PathBuf> {
    let folders = fs::read_dir(host.cache().join("cas/objects")).expect("there are blobs").flatten();
    folders
        .flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .map(|e| e.path())
        .collect()
}

fn checkout(oracle: &Oracle, project: &Project, element: &str, name: &str) -> String {
    let folder = project.path().with_file_name(name);
    let to = folder.display().to_string();
    let _ = oracle.bst(project, &["artifact", "checkout", "--directory", &to, element]).success();
    listing(&folder)
}

#[test]
fn artifacts_are_pushed_and_pulled() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = Service::start(&host, &["--workers", "0"]);
    let config = servers("artifacts", &service.url(), &[("all", true)]);
    let (first, second) = (Oracle::configured(&config), Oracle::configured(&config));
    let built = first.bst(&project, &["build", "files.bst"]);
    assert!(built.success().is_empty() && built.stderr.contains("Pushed artifact"), "{}", built.stderr);
    let again = first.bst(&project, &["artifact", "push", "files.bst"]);
    assert!(again.stderr.contains("already has artifact"), "{}", again.stderr);
    let pulled = second.bst(&project, &["artifact", "pull", "files.bst"]);
    assert!(pulled.success().is_empty() && pulled.stderr.contains("Pulled artifact"), "{}", pulled.stderr);
    let there = checkout(&first, &project, "files.bst", "first");
    assert!(there.contains("src/hello.c f 644"), "{there}");
    assert_eq!(checkout(&second, &project, "files.bst", "second"), there);
}

#[test]
fn what_is_damaged_is_not_offered_until_it_is_pushed_again() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = Service::start(&host, &["--workers", "0"]);
    let config = servers("artifacts", &service.url(), &[("index", true), ("storage", true)]);
    let (first, second) = (Oracle::configured(&config), Oracle::configured(&config));
    let _ = first.bst(&project, &["build", "files.bst"]).success();
    let blob = blobs(&host)
        .into_iter()
        .find(|blob| fs::read_to_string(blob).is_ok_and(|text| text.contains("int main")));
    let blob = blob.expect("it was pushed");
    fs::write(&blob, vec![b'x'; fs::metadata(&blob).expect("it is there").len() as usize])
        .expect("it is ours");
    let pulled = second.bst(&project, &["artifact", "pull", "files.bst"]);
    assert!(!pulled.stderr.contains("Pulled artifact"), "{}", pulled.stderr);
    let pulled = second.bst(&project, &["artifact", "pull", "files.bst"]);
    assert!(pulled.stderr.contains("does not have artifact"), "{}", pulled.stderr);
    let _ = first.bst(&project, &["artifact", "push", "files.bst"]).success();
    let pulled = second.bst(&project, &["artifact", "pull", "files.bst"]);
    assert!(pulled.success().is_empty() && pulled.stderr.contains("Pulled artifact"), "{}", pulled.stderr);
    assert_eq!(
        checkout(&second, &project, "files.bst", "second"),
        checkout(&first, &project, "files.bst", "first")
    );
}

#[test]
fn sources_are_pushed_and_pulled() {
    let host = Host::new();
    let service = Service::start(&host, &["--workers", "0"]);
    let config = servers("source-caches", &service.url(), &[("all", true)]);
    let (first, second) = (Oracle::configured(&config), Oracle::configured(&config));
    let project = Project::with_fetched_files();
    let _ = first.bst(&project, &["source", "fetch", "files.bst"]).success();
    let _ = first.bst(&project, &["source", "push", "files.bst"]).success();
    fs::remove_file(project.path().join("sources/hello-1.0.tar.gz")).expect("the example has it");
    let fetched = second.bst(&project, &["source", "fetch", "files.bst"]);
    assert!(fetched.success().is_empty() && fetched.stderr.contains("Pulled source"), "{}", fetched.stderr);
}

#[test]
fn who_may_only_read_pulls_and_does_not_push() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = Service::start(&host, &["--workers", "0"]);
    let first = Oracle::configured(&servers("artifacts", &service.url(), &[("all", true)]));
    let _ = first.bst(&project, &["build", "files.bst"]).success();
    drop(service);
    let service = Service::start(&host, &["--read-only"]);
    let second = Oracle::configured(&servers("artifacts", &service.url(), &[("all", false)]));
    let pulled = second.bst(&project, &["artifact", "pull", "files.bst"]);
    assert!(pulled.success().is_empty() && pulled.stderr.contains("Pulled artifact"), "{}", pulled.stderr);
    let third = Oracle::configured(&servers("artifacts", &service.url(), &[("all", true)]));
    let warned = third.bst(&project, &["build", "files.bst"]);
    assert!(warned.stderr.contains("PERMISSION_DENIED"), "{}", warned.stderr);
}
