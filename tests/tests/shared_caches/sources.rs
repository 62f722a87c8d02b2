//! Sources that one machine fetched, the others have.

use std::fs;

use spec_testkit::{Host, Project};

use crate::fixture::{done, machine, serve, server};

fn without_origin(project: &Project) {
    fs::remove_file(project.path().join("sources/hello-1.0.tar.gz")).expect("the example has it");
}

#[test]
fn sources_are_pushed_and_pulled() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = serve(&host, &[]);
    let config = server("source-caches", &service.url(), true, "");
    let first = machine(&config);
    let pushed = first.run(&project, &["source", "push", "files.bst"]);
    assert!(pushed.success().is_empty());
    assert_eq!((done(&pushed, "fetch"), done(&pushed, "source-push")), (1, 1), "{}", pushed.stderr);
    let again = first.run(&project, &["source", "push", "files.bst"]);
    assert!(again.success().is_empty() && again.stderr.contains("already has source"), "{}", again.stderr);
    without_origin(&project);
    let fetched = machine(&config).run(&project, &["source", "fetch", "files.bst"]);
    assert!(fetched.success().is_empty() && fetched.stderr.contains("Pulled source"), "{}", fetched.stderr);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let to = folder.path().join("out").display().to_string();
    let remote = ["--source-remote", &service.url(), "--directory", &to];
    let out = Host::new().run(&project, &[&["source", "checkout", "files.bst"], &remote[..]].concat());
    assert!(out.success().is_empty());
}

#[test]
fn a_build_pulls_and_pushes_sources() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = serve(&host, &[]);
    let config = server("source-caches", &service.url(), true, "");
    let built = machine(&config).run(&project, &["build", "files.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "build"), done(&built, "source-push")), (1, 1), "{}", built.stderr);
    without_origin(&project);
    let built = machine(&config).run(&project, &["build", "files.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "fetch"), done(&built, "build")), (1, 1), "{}", built.stderr);
}

#[test]
fn the_origin_is_asked_when_the_server_has_nothing() {
    let (host, project) = (Host::new(), Project::with_fetched_files());
    let service = serve(&host, &[]);
    let config = server("source-caches", &service.url(), false, "");
    let fetched = machine(&config).run(&project, &["source", "fetch", "files.bst"]);
    assert!(fetched.success().is_empty() && !fetched.stderr.contains("Pulled source"), "{}", fetched.stderr);
}
