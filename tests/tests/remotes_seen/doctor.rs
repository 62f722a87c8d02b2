//! `doctor` tries every server, and says in one line each what it can and what is wrong.

use std::time::{Duration, Instant};

use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::{Host, Outcome, Project, Service};
use tonic::Code;

use crate::{artifacts, cluster, configured, file, project};

/// The line about a server, and the line below it if that says what to do.
fn found(outcome: &Outcome, url: &str) -> String {
    let mut lines = outcome.stdout.lines().skip_while(|line| !line.contains(url));
    let line = lines.next().unwrap_or_else(|| panic!("nothing of {url}:\n{}", outcome.stdout));
    let help = lines.next().filter(|line| line.trim_start().starts_with("help"));
    [line, help.unwrap_or_default()].join("\n")
}

/// Checks that a line begins with this mark and says all of this.
#[track_caller]
fn check(line: &str, mark: &str, says: &[&str]) {
    assert!(line.starts_with(mark), "{line}");
    says.iter().for_each(|say| assert!(line.contains(say), "{say:?} in {line}"));
}

#[test]
fn a_server_that_can_do_everything_is_told_so() {
    let server = Host::new();
    let folder = server.folder();
    let tokens = file(folder, "tokens", "sesame\n");
    let service = Service::start(&server, &["--workers", "1", "--write-tokens", &tokens]);
    let url = service.url();
    let auth = format!(", auth: {{access-token: {tokens}}}");
    let lines = format!(
        "{}  action-cache-service: {{url: '{url}', push: True{auth}}}\n{}",
        cluster(&url, &auth),
        artifacts(&url, &format!(", push: True{auth}"))
    );
    let told = configured(&lines).run(&project(), &["doctor"]);
    let says = [
        "execution, storage, action cache, artifacts: API 2.0 to 2.12, SHA256 BLAKE3; no TLS, token accepted; may write; ",
        "batches up to 4.1 MB; an action that needs no root took ",
        " ms",
    ];
    check(&found(&told, &url), "ok ", &says);
    let _ = told.success();
    assert!(!told.stdout.contains("sesame"));
}

#[test]
fn a_server_that_announces_nothing_is_told_so() {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", "1"]);
    let faulty = FaultyServer::in_front_of(&service.url());
    faulty.inject_in("GetCapabilities", Fault::Refuse(Code::Unimplemented, "there is no such method"));
    let told = configured(&cluster(&faulty.url(), "")).run(&project(), &["doctor"]);
    let says = ["it announces no capabilities and is taken for a server of API 2.0; ", " took "];
    check(&found(&told, &faulty.url()), "ok ", &says);
}

#[test]
fn what_is_wrong_is_told_in_one_line_with_what_to_do() {
    let server = Host::new();
    let [read, wrong] = ["read", "wrong"].map(|name| file(server.folder(), name, name));
    let service = Service::start(&server, &["--workers", "0", "--read-tokens", &read]);
    let with = |token: &str, more: &str| {
        let lines = artifacts(&service.url(), &format!("{more}, auth: {{access-token: {token}}}"));
        configured(&lines).run(&project(), &["doctor"])
    };
    let told = with(&read, "");
    check(
        &found(&told, &service.url()),
        "ok ",
        &["artifacts: ", "token accepted", "only read (no 'push: True')"],
    );
    let _ = told.success();
    let told = with(&read, ", push: True");
    check(
        &found(&told, &service.url()),
        "poor",
        &["remote-denied", "take 'push: True' out", "spec-host.conf:5:"],
    );
    let _ = told.success();
    let told = with(&wrong, "");
    check(
        &found(&told, &service.url()),
        "BAD",
        &["remote-denied", "check access-token", "spec-host.conf:5:"],
    );
    assert_eq!(told.code, Some(1));
    let told = with("/nowhere/token", "");
    check(
        &found(&told, &service.url()),
        "BAD",
        &["load-remote-creds-failed", "/nowhere/token", "spec-host.conf:5:"],
    );
    let told = with(&read, ", instance-name: other");
    check(&found(&told, &service.url()), "BAD", &["remote-refused", "other", "spec-host.conf:5:"]);
}

#[test]
fn one_that_does_not_answer_takes_seconds_and_the_others_none() {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", "0"]);
    let silent = FaultyServer::in_front_of(&service.url());
    silent.inject(Fault::Hang);
    let lines = format!(
        "{}  - {{url: 'http://127.0.0.1:1'}}\n  - {{url: '{}'}}\n",
        artifacts(&silent.url(), ""),
        service.url()
    );
    let start = Instant::now();
    let told = configured(&lines).run(&project(), &["doctor"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    check(&found(&told, &silent.url()), "poor", &["it did not answer within 5s", "builds go on without it"]);
    check(&found(&told, "http://127.0.0.1:1 "), "poor", &["remote-unreachable", "start it, or check url"]);
    check(&found(&told, &service.url()), "ok ", &["no credentials asked for"]);
    let _ = told.success();
    let required = format!("{}execution: {{local-fallback: False}}\n", cluster("http://127.0.0.1:1", ""));
    let told = configured(&required).run(&project(), &["doctor"]);
    check(&found(&told, "http://127.0.0.1:1"), "BAD", &["remote-unreachable", "local-fallback"]);
}

#[test]
fn one_that_is_full_is_to_be_waited_for_and_not_taken_out() {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", "1"]);
    let full = FaultyServer::in_front_of(&service.url());
    full.inject_in("BatchUpdateBlobs", Fault::Refuse(Code::ResourceExhausted, "no room"));
    let told = configured(&cluster(&full.url(), "")).run(&project(), &["doctor"]);
    let says = ["remote-full", "no room", "wait until it has room", "builds go on without it"];
    check(&found(&told, &full.url()), "poor", &says);
    assert!(!found(&told, &full.url()).contains("take out"), "{}", told.stdout);
    let required = format!("{}execution: {{local-fallback: False}}\n", cluster(&full.url(), ""));
    let told = configured(&required).run(&project(), &["doctor"]);
    check(&found(&told, &full.url()), "BAD", &["remote-full", "or set 'local-fallback: True'"]);
    assert_eq!(told.code, Some(1));
}

#[test]
fn what_only_this_machine_could_make_up_for_is_bad_without_it() {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", "1"]);
    for (method, health) in [("Execute", "BAD"), ("BatchUpdateBlobs", "BAD"), ("UpdateActionResult", "poor")]
    {
        let faulty = FaultyServer::in_front_of(&service.url());
        faulty.inject_in(method, Fault::Refuse(Code::PermissionDenied, "not for you"));
        let lines = format!(
            "{}  action-cache-service: {{url: '{}', push: True}}\n",
            cluster(&faulty.url(), ""),
            faulty.url()
        );
        let told = configured(&lines).run(&project(), &["doctor"]);
        check(&found(&told, &faulty.url()), "poor", &["not for you"]);
        let required = format!("{lines}execution: {{local-fallback: False}}\n");
        let told = configured(&required).run(&project(), &["doctor"]);
        check(&found(&told, &faulty.url()), health, &["not for you"]);
        assert_eq!(told.code, Some(i32::from(health == "BAD")), "{method}");
    }
}

#[test]
fn a_cluster_that_has_our_base_executes_in_it() {
    let host = Host::shared();
    let service = Service::start(&host, &["--workers", "1"]);
    host.configure(&cluster(&service.url(), ""));
    let told = host.run(&Project::example(), &["doctor"]);
    check(&found(&told, &service.url()), "ok ", &["/bin/true in the base of ", " took "]);
    // A base in the input root needs no property.
    host.configure(&format!("{}execution: {{roots: merged}}\n", cluster(&service.url(), "")));
    let told = host.run(&Project::example(), &["doctor"]);
    check(&found(&told, &service.url()), "ok ", &["/bin/true in the base of ", " took "]);
}

#[test]
fn a_base_is_found_among_many_artifacts() {
    const FIRST: usize = 300;
    let host = Host::shared();
    let project =
        Project::of(&[("project.conf", "name: aa\nmin-version: 2.0\nelement-path: .\n"), ("files/a", "a")]);
    let names: Vec<String> = (0..FIRST).map(|number| format!("{number}.bst")).collect();
    names
        .iter()
        .for_each(|name| project.write(name, "kind: import\nsources: [{kind: local, path: files}]\n"));
    let _ = host
        .run(&project, &[&["build"], &*names.iter().map(String::as_str).collect::<Vec<_>>()].concat())
        .success();
    let service = Service::start(&host, &["--workers", "1"]);
    host.configure(&cluster(&service.url(), ""));
    let told = host.run(&Project::example(), &["doctor"]);
    check(&found(&told, &service.url()), "ok ", &["/bin/true in the base of ", " took "]);
}
