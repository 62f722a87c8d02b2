//! BuildStream 2.8 at the other end: what one pushes the other pulls, and neither builds it again.

use std::path::Path;

use spec_testkit::{Host, Oracle, Project};

use crate::fixture::{checkout, done, listing, machine, project, serve, server};

fn their_checkout(oracle: &Oracle, project: &Project, element: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let to = folder.path().join("out");
    let to_text = to.display().to_string();
    let _ = oracle.bst(project, &["artifact", "checkout", "--directory", &to_text, element]).success();
    listing(&to)
}

/// A server's configuration, which both programs read.
fn config(url: &str, push: bool) -> String {
    server("artifacts", url, push, "")
}

pub(crate) fn both_ways(url: &str) {
    // What BuildStream makes is ours.
    let theirs = project();
    let pushes = Oracle::configured(&config(url, true));
    let built = pushes.bst(&theirs, &["build", "--deps", "all", "top.bst"]);
    assert!(built.success().is_empty() && built.stderr.contains("Pushed artifact"), "{}", built.stderr);
    let pulls = machine(&config(url, false));
    let pulled = pulls.run(&theirs, &["build", "top.bst"]);
    assert!(pulled.success().is_empty());
    assert_eq!((done(&pulled, "pull"), done(&pulled, "build")), (4, 0), "{}", pulled.stderr);
    assert_eq!(checkout(&pulls, &theirs, "top.bst"), their_checkout(&pushes, &theirs, "top.bst"));
    // What we pulled from them is to the server what they pushed.
    pulls.configure(&config(url, true));
    let push = pulls.run(&theirs, &["artifact", "push", "top.bst", "middle.bst"]);
    assert!(push.success().is_empty());
    assert_eq!(done(&push, "push"), 0, "{}", push.stderr);
    // What we make is theirs.
    let ours = project();
    let pushes = machine(&config(url, true));
    let built = pushes.run(&ours, &["build", "--deps", "all", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "build"), done(&built, "push")), (4, 4), "{}", built.stderr);
    let pulls = Oracle::configured(&config(url, true));
    let pulled = pulls.bst(&ours, &["build", "--deps", "all", "top.bst"]);
    assert!(pulled.success().is_empty());
    assert_eq!(pulled.stderr.matches("Pulled artifact").count(), 4, "{}", pulled.stderr);
    assert!(pulled.stderr.contains("Build Queue: processed 0"), "{}", pulled.stderr);
    assert!(!pulled.stderr.contains("Pushed artifact"), "it finds what it would push:\n{}", pulled.stderr);
    assert_eq!(their_checkout(&pulls, &ours, "top.bst"), checkout(&pushes, &ours, "top.bst"));
}

#[test]
fn artifacts_go_both_ways_through_our_server() {
    let host = Host::new();
    both_ways(&serve(&host, &[]).url());
}

/// Artifacts by their names, without a project: what one was built with is pulled by the record of it, and checked out.
#[test]
fn names_of_artifacts_have_build_dependencies_on_servers() {
    let host = Host::new();
    let service = serve(&host, &[]);
    let project = project();
    project.write("elements/app.bst", "kind: compose\nbuild-depends: [one.bst, two.bst]\n");
    let pushes = machine(&config(&service.url(), true));
    let _ = pushes.run(&project, &["build", "app.bst"]).success();
    let show = ["show", "--deps", "none", "--format", "%{full-key}", "app.bst"];
    let key = pushes.run(&project, &show).success().trim().to_owned();
    let name = format!("test/app/{key}");
    let other = Project::of(&[("elements/other.bst", "kind: stack\n")]);
    let pulls = machine(&config(&service.url(), false));
    let _ = pulls.run(&other, &["artifact", "pull", "--deps", "build", &name]).success();
    let cached = pulls.run(&other, &["artifact", "list-contents", "test/*/*"]).success().to_owned();
    assert!(cached.contains("usr/share/one") && cached.contains("usr/share/two"), "{cached}");
    pulls.run(&other, &["artifact", "pull", "--deps", "run", &name]).refused(
        2,
        "deps-not-supported",
        &["run"],
    );
    let to = other.path().join("out").display().to_string();
    let checkout = ["artifact", "checkout", "--deps", "build", "--directory", &to, &name];
    let _ = machine(&config(&service.url(), false)).run(&other, &checkout).success();
    assert!(listing(Path::new(&to)).contains("usr/share/two"));
    // An artifact that a pattern finds under two keys is pushed once.
    let pushed = pushes.run(&project, &["artifact", "push", "test/app/*"]);
    assert!(pushed.success().is_empty());
    assert_eq!(pushed.stderr.matches("already has artifact").count(), 1, "{}", pushed.stderr);
}

#[test]
fn sources_go_both_ways() {
    let host = Host::new();
    let service = serve(&host, &[]);
    let config = server("source-caches", &service.url(), true, "");
    let without_origin = |project: &Project| {
        let gone = std::fs::remove_file(Path::new(project.path()).join("sources/hello-1.0.tar.gz"));
        gone.expect("the example has it");
    };
    let project = Project::example();
    let theirs = Oracle::configured(&config);
    let _ = theirs.bst(&project, &["source", "fetch", "base.bst"]).success();
    let _ = theirs.bst(&project, &["source", "push", "base.bst"]).success();
    without_origin(&project);
    let fetched = machine(&config).run(&project, &["source", "fetch", "base.bst"]);
    assert!(fetched.success().is_empty() && fetched.stderr.contains("Pulled source"), "{}", fetched.stderr);
    // Another server, so that what they pushed is not there.
    let (host, project) = (Host::new(), Project::example());
    let service = serve(&host, &[]);
    let config = server("source-caches", &service.url(), true, "");
    let pushed = machine(&config).run(&project, &["source", "push", "base.bst"]);
    assert!(pushed.success().is_empty());
    assert_eq!((done(&pushed, "fetch"), done(&pushed, "source-push")), (1, 1), "{}", pushed.stderr);
    without_origin(&project);
    let fetched = Oracle::configured(&config).bst(&project, &["source", "fetch", "base.bst"]);
    assert!(fetched.success().is_empty() && fetched.stderr.contains("Pulled source"), "{}", fetched.stderr);
}

/// What was pulled, what was there already and what no server has is told. As for BuildStream, none of it is a failure.
#[test]
fn a_pull_tells_what_became_of_each_artifact() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let _ = machine(&config(&service.url(), true)).run(&project, &["build", "one.bst"]).success();
    let (pulls, oracle) =
        (machine(&config(&service.url(), false)), Oracle::configured(&config(&service.url(), false)));
    let pull = ["artifact", "pull", "--deps", "none", "one.bst", "two.bst", "middle.bst"];
    let _ = pulls.run(&project, &["build", "two.bst"]).success();
    let pulled = pulls.run(&project, &pull);
    assert!(pulled.success().is_empty());
    for line in
        ["pull one.bst done in", "pull two.bst was there already", "pull middle.bst found it on no server"]
    {
        assert!(pulled.stderr.contains(line), "{line}: {}", pulled.stderr);
    }
    assert!(pulled.stderr.contains("pull: 1 done, 1 unneeded, 1 skipped\n"), "{}", pulled.stderr);
    let _ = oracle.bst(&project, &["build", "two.bst"]).success();
    let theirs = oracle.bst(&project, &pull);
    assert!(theirs.success().is_empty());
    assert!(theirs.stderr.contains("processed 1, skipped 2, failed 0"), "{}", theirs.stderr);
    let again = pulls.run(&project, &["artifact", "pull", "--deps", "none", "one.bst", "two.bst"]);
    assert!(again.success().is_empty() && again.stderr.contains("pull: 2 unneeded\n"), "{}", again.stderr);
    let shown = pulls.run(&project, &["show", "--format", "%{name} %{full-key}", "middle.bst"]);
    let name = |line: &str| format!("test/{}", line.replacen(".bst ", "/", 1));
    let names: Vec<String> = shown.success().lines().map(name).collect();
    let fresh = machine(&config(&service.url(), false));
    let named: Vec<&str> = ["artifact", "pull"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let pulled = fresh.run(&project, &named);
    assert!(pulled.success().is_empty());
    for words in [["one/", "was pulled"], ["two/", "is on no server"], ["middle/", "is on no server"]] {
        let told = pulled.stderr.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(told, "{words:?}: {}", pulled.stderr);
    }
    let again = fresh.run(&project, &named);
    assert!(again.stderr.contains("was there already"), "{}", again.stderr);
}
