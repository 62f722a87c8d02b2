//! What is wrong with a configured server is told before anything is built: with its place, and what the server said.

use std::time::{Duration, Instant};

use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::{Host, Project, Service};
use tonic::Code;

use crate::certificates::Authority;
use crate::{artifacts, cluster, configured, file, project};

/// Builds with these lines of configuration, which are refused: with this reason, at this place, and saying all of this.
#[track_caller]
fn refused(project: &Project, lines: &str, reason: &str, place: &str, says: &[&str]) {
    let host = configured(lines);
    let place = format!("spec-host.conf:{place}");
    let built = host.run(project, &["build", "a.bst"]);
    built.refused(2, reason, &[&[place.as_str()], says].concat());
    assert!(!built.stderr.contains("build a.bst started"), "{}", built.stderr);
    host.configure("");
    assert_eq!(host.run(project, &["show", "--format", "%{state}", "a.bst"]).success().trim(), "buildable");
}

#[test]
fn what_the_file_says_wrongly_has_its_place() {
    let (project, host) = (project(), Host::new());
    let no_pem = file(host.folder(), "no.pem", "sesame");
    let rows: &[(String, &str, &str, &[&str])] = &[
        (artifacts("http://a", ", urll: x"), "invalid-data", "5:", &["'urll'"]),
        (artifacts("nowhere", ""), "invalid-data", "5:11", &["the URL of a server", "nowhere"]),
        (artifacts("http://a", ", type: both"), "invalid-data", "5:", &["index, storage, all"]),
        (cluster("ftp://a", ""), "invalid-data", "4:28", &["ftp://a"]),
        (cluster("http://a", ", push: True"), "invalid-data", "4:", &["'push'"]),
        (
            artifacts("https://a", &format!(", auth: {{server-cert: {no_pem}}}")),
            "load-remote-creds-failed",
            "5:",
            &["no.pem", "expected '-----BEGIN CERTIFICATE-----'"],
        ),
        (
            cluster("https://a", &format!(", auth: {{client-cert: {no_pem}, client-key: {no_pem}}}")),
            "load-remote-creds-failed",
            "4:",
            &["no.pem"],
        ),
    ];
    for (lines, reason, place, says) in rows {
        refused(&project, lines, reason, place, says);
    }
}

#[test]
fn a_token_and_an_instance_that_the_server_does_not_know_are_refused() {
    let (project, server) = (project(), Host::new());
    let [good, wrong] = ["good", "wrong"].map(|name| file(server.folder(), name, &format!("{name}-sesame")));
    let service = Service::start(&server, &["--workers", "1", "--write-tokens", &good]);
    let url = service.url();
    let token = |token: &str| format!(", auth: {{access-token: {token}}}");
    for lines in [artifacts(&url, &token(&wrong)), artifacts(&url, "")] {
        refused(&project, &lines, "remote-denied", "5:", &[&url, "spec-host doctor"]);
    }
    for lines in [cluster(&url, &token(&wrong)), cluster(&url, "")] {
        refused(&project, &lines, "remote-denied", "4:", &[&url]);
    }
    let other = format!(", instance-name: other{}", token(&good));
    refused(&project, &artifacts(&url, &other), "remote-refused", "5:", &["other"]);
    refused(&project, &cluster(&url, &other), "remote-refused", "4:", &["other"]);
    let lines = format!("{}{}", artifacts(&url, &token(&good)), cluster(&url, &token(&good)));
    let built = configured(&lines).run(&project, &["build", "a.bst"]);
    let _ = built.success();
    assert!(!built.stderr.contains("sesame"), "{}", built.stderr);
}

#[test]
fn certificates_that_one_of_both_does_not_accept_are_refused() {
    let (project, server) = (project(), Host::new());
    let folder = server.folder();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let [(certificate, key), (ours, our_key), (theirs, their_key)] =
        [authority.vouch(), authority.vouch(), stranger.vouch()];
    let names = ["certificate", "key", "ours", "our-key", "theirs", "their-key", "ca", "other-ca"];
    let texts = [certificate, key, ours, our_key, theirs, their_key, authority.pem(), stranger.pem()];
    let mut at = names.iter().zip(texts).map(|(name, text)| file(folder, name, &text));
    let files: Vec<String> = at.by_ref().collect();
    let [certificate, key, ours, our_key, theirs, their_key, ca, other_ca] = &files[..] else {
        panic!("eight")
    };
    let tls = ["--tls-certificate", certificate, "--tls-key", key, "--tls-client-ca", ca];
    let service = Service::start(&server, &[&["--workers", "0"], &tls[..]].concat());
    let url = service.url().replace("http://127.0.0.1", "https://localhost");
    let auth = |ca: &str, certificate: &str, key: &str| {
        format!(", auth: {{server-cert: {ca}, client-cert: {certificate}, client-key: {key}}}")
    };
    let unknown_to_us = [auth(other_ca, ours, our_key), String::new()];
    let unknown_to_it = [auth(ca, theirs, their_key), format!(", auth: {{server-cert: {ca}}}")];
    for auth in unknown_to_it {
        refused(&project, &artifacts(&url, &auth), "remote-certificate", "5:", &[&url]);
        refused(&project, &cluster(&url, &auth), "remote-certificate", "4:", &[&url]);
    }
    for auth in unknown_to_us {
        refused(&project, &artifacts(&url, &auth), "remote-certificate", "5:", &[&url, "server-cert"]);
        refused(&project, &cluster(&url, &auth), "remote-certificate", "4:", &[&url]);
    }
    refused(
        &project,
        &artifacts(&url, &auth(ca, ours, their_key)),
        "load-remote-creds-failed",
        "5:",
        &["their-key"],
    );
    let _ =
        configured(&artifacts(&url, &auth(ca, ours, our_key))).run(&project, &["build", "a.bst"]).success();
}

#[test]
fn a_server_that_announces_nothing_is_used_without_a_word() {
    let (project, server) = (project(), Host::new());
    let service = Service::start(&server, &["--workers", "1"]);
    let faulty = FaultyServer::in_front_of(&service.url());
    for code in [Code::NotFound, Code::Unimplemented] {
        faulty.inject_in("GetCapabilities", Fault::Refuse(code, "there is no such method"));
        let lines = format!("{}{}", artifacts(&faulty.url(), ", push: True"), cluster(&faulty.url(), ""));
        let built = configured(&lines).run(&project, &["build", "a.bst"]);
        let _ = built.success();
        assert!(!built.stderr.contains("warning["), "{code:?}: {}", built.stderr);
        // It still knows its instances.
        let other = artifacts(&faulty.url(), ", instance-name: other");
        refused(&project, &other, "remote-refused", "5:", &["other"]);
        faulty.heal();
    }
}

#[test]
fn versions_and_digest_functions_that_do_not_fit_are_refused() {
    let (project, server) = (project(), Host::new());
    let service = Service::start(&server, &["--workers", "1"]);
    let faulty = FaultyServer::in_front_of(&service.url());
    let blake3 = 9;
    let rows: &[(Fault, &[&str])] = &[
        (Fault::Versions((1, 0), (1, 9)), &["it speaks versions 1.0 to 1.9; expected one of 2.0 to 2.12"]),
        (Fault::Versions((3, 0), (3, 1)), &["it speaks versions 3.0 to 3.1"]),
        (Fault::DigestFunction(blake3), &["the digest function sha256, only BLAKE3"]),
    ];
    for (fault, says) in rows {
        faulty.inject_in("GetCapabilities", fault.clone());
        refused(&project, &artifacts(&faulty.url(), ""), "remote-unsupported", "5:", says);
        refused(&project, &cluster(&faulty.url(), ""), "remote-unsupported", "4:", says);
        faulty.heal();
    }
    for fits in [Fault::Versions((1, 0), (2, 0)), Fault::Versions((2, 3), (3, 0))] {
        faulty.inject_in("GetCapabilities", fits);
        let _ = configured(&cluster(&faulty.url(), "")).run(&project, &["build", "a.bst"]).success();
        faulty.heal();
    }
}

#[test]
fn a_cluster_that_is_away_is_an_error_only_without_local_fallback() {
    let project = project();
    let lines = cluster("http://127.0.0.1:1", "");
    let _ = configured(&lines).run(&project, &["build", "a.bst"]).success();
    let host = configured(&format!("{lines}execution: {{local-fallback: False}}\n"));
    let start = Instant::now();
    let built = host.run(&project, &["build", "a.bst"]);
    built.refused(1, "remote-unreachable", &["http://127.0.0.1:1", "spec-host.conf:4:", "local-fallback"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    // What needs no cluster is done.
    let _ = host.run(&project, &["source", "fetch", "a.bst"]).success();
}

#[test]
fn garbage_and_silence_cost_at_most_the_time_out() {
    let (project, server) = (project(), Host::new());
    let service = Service::start(&server, &["--workers", "1"]);
    let faulty = FaultyServer::in_front_of(&service.url());
    for fault in [Fault::Garbage, Fault::Hang] {
        faulty.inject(fault.clone());
        let timeout = ", connection-config: {request-timeout: 3}";
        let lines = format!(
            "{}{}",
            artifacts(&faulty.url(), &format!(", push: True{timeout}")),
            cluster(&faulty.url(), timeout)
        );
        let start = Instant::now();
        let built = configured(&lines).run(&project, &["build", "a.bst"]);
        let _ = built.success();
        assert!(start.elapsed() < Duration::from_secs(15), "{fault:?} took {:?}", start.elapsed());
        faulty.heal();
    }
}
