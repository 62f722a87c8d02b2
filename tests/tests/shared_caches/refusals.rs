//! What is wrong with servers in configurations is told before anything is done.

use std::fs;

use spec_testkit::Host;

use crate::fixture::{machine, project, server};

#[test]
fn wrong_files_are_refused_with_their_place() {
    let project = project();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rubbish = folder.path().join("rubbish").display().to_string();
    fs::write(&rubbish, "sesame").expect("a file of our own");
    let url = "https://localhost:1";
    for (auth, says) in [
        (format!("server-cert: {rubbish}"), "there is no certificate in it"),
        ("server-cert: /nowhere/ca.pem".to_owned(), "No such file"),
        (
            format!("client-cert: {rubbish}, client-key: {rubbish}"),
            "as the client-cert of https://localhost:1",
        ),
        ("access-token: /nowhere/token".to_owned(), "as the access-token of"),
    ] {
        let host = machine(&server("artifacts", url, true, &format!(", auth: {{{auth}}}")));
        let refused = host.run(&project, &["build", "top.bst"]);
        refused.refused(2, "load-remote-creds-failed", &[says, "spec-host.conf:3:"]);
        assert!(!refused.stderr.contains("sesame"), "{}", refused.stderr);
        // Who asks no server needs no files.
        let _ = host.run(&project, &["show", "top.bst"]).success();
    }
}

#[test]
fn wrong_keys_are_refused_with_their_place() {
    let project = project();
    for (lines, says) in [
        ("artifacts: {servers: [{uri: a}]}\n", "did you mean 'url'?"),
        ("artifacts: {servers: [{url: nowhere}]}\n", "expected the URL of a server"),
        ("source-caches: [{url: 'http://a'}]\n", "expected a dictionary, found a list"),
        ("remote-execution: {execution-service: {url: 'http://a'}}\n", "needs a 'storage-service'"),
    ] {
        let refused = machine(lines).run(&project, &["show", "top.bst"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(
            refused.stderr.contains(says) && refused.stderr.contains("spec-host.conf:3:"),
            "{}",
            refused.stderr
        );
    }
    project.replace(
        "project.conf",
        "name: test\n",
        "name: test\nartifacts: [{url: 'http://a', server-cert: c}]\n",
    );
    let refused = Host::new().run(&project, &["show", "top.bst"]);
    refused.refused(2, "invalid-data", &["project.conf:2:", "unexpected key 'server-cert'"]);
}

#[test]
fn wrong_words_on_the_command_line_are_refused() {
    let project = project();
    for (arguments, says) in [
        (["artifact", "pull", "--artifact-remote", "url=http://a,push=True"], "'push' cannot be said here"),
        (
            ["artifact", "push", "--artifact-remote", "url=http://a,type=both"],
            "expected one of index, storage, all",
        ),
        (["source", "fetch", "--source-remote", "a"], "is not the address of a server"),
        (["source", "push", "--source-remote", "url=http://a,client-key=k"], "without 'client-cert'"),
    ] {
        let refused = Host::new().run(&project, &[&arguments[..], &["top.bst"]].concat());
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
}

#[test]
fn commands_that_need_servers_say_so() {
    let (project, host) = (project(), Host::new());
    for (arguments, reason) in [
        (["artifact", "pull"], "no-artifact-servers"),
        (["artifact", "push"], "no-artifact-servers"),
        (["source", "push"], "no-source-servers"),
    ] {
        host.run(&project, &[&arguments[..], &["top.bst"]].concat()).refused(2, reason, &["-remote"]);
    }
}

#[test]
fn what_projects_recommend_is_used_unless_somebody_says_no() {
    let project = project();
    let recommended =
        "name: test\nartifacts: [{url: 'http://127.0.0.1:9', connection-config: {retry-limit: 0}}]\n";
    project.replace("project.conf", "name: test\n", recommended);
    let built = Host::new().run(&project, &["build", "one.bst"]);
    assert!(built.success().is_empty() && built.stderr.contains("127.0.0.1:9"), "{}", built.stderr);
    let ignored = ["build", "--ignore-project-artifact-remotes", "two.bst"];
    for (lines, arguments) in [
        ("", &ignored[..]),
        ("artifacts: {override-project-caches: True}\n", &["build", "two.bst"]),
        ("projects: {test: {artifacts: {override-project-caches: True}}}\n", &["build", "two.bst"]),
    ] {
        let built = machine(lines).run(&project, arguments);
        assert!(built.success().is_empty() && !built.stderr.contains("127.0.0.1:9"), "{}", built.stderr);
    }
}
