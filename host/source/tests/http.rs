//! Downloads from a test server that misbehaves in prepared ways.

mod common;
#[path = "common/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use server::{Answer, Server};
use spec_model::{Cancel, UserError};
use spec_source::{ElementSources, FetchMonitor, SourceError};

const BODY: &[u8] = b"a file of forty-two bytes, neither more nor";

fn lab() -> Lab {
    let mut lab = Lab::new();
    Arc::make_mut(&mut lab.context.http).backoff = Duration::from_millis(1);
    Arc::make_mut(&mut lab.context.http).read_timeout = Duration::from_millis(500);
    lab
}

fn remote(lab: &Lab, server: &Server, sha: &str) -> Result<ElementSources, SourceError> {
    lab.sources(&[spec("remote", &[("url", &server.url("names.txt")), ("ref", sha)])])
}

/// The files of the mirror, without their folders.
fn mirrored(lab: &Lab) -> Vec<String> {
    let mut names = Vec::new();
    for folder in
        std::fs::read_dir(lab.context.download_directory.join("remote")).into_iter().flatten().flatten()
    {
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            names.push(file.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

/// Fetches from a server that gives these answers one after the other; afterwards the mirror has the whole file, or,
/// when the fetch fails, nothing at all.
#[track_caller]
fn check(answers: Vec<Answer>, expect: Result<(), &str>) -> Vec<String> {
    let lab = lab();
    let server = Server::new(answers);
    let sources = remote(&lab, &server, &sha256(BODY)).expect("the configuration is right");
    let outcome = sources.fetch(&silent()).map(|_| ()).map_err(|error| error.reason().to_owned());
    assert_eq!(outcome, expect.map_err(str::to_owned));
    let files = mirrored(&lab);
    match expect {
        Ok(()) => assert!(files.contains(&sha256(BODY)), "{files:?}"),
        Err(_) => assert!(files.is_empty(), "{files:?}"),
    }
    server.requests()
}

#[test]
fn a_download_is_kept_under_its_hash() {
    let requests = check(vec![Answer::whole(BODY).etag("\"1\"")], Ok(()));
    assert_eq!(requests.len(), 1);
}

#[test]
fn other_contents_are_refused() {
    check(vec![Answer::whole(b"other")], Err("wrong-ref"));
}

#[test]
fn a_missing_file_is_not_asked_for_again() {
    let requests = check(vec![Answer::status(404), Answer::whole(BODY)], Err("download-refused"));
    assert_eq!(requests.len(), 1);
}

#[test]
fn a_server_that_fails_is_asked_again() {
    let requests = check(vec![Answer::status(503), Answer::hang_up(), Answer::whole(BODY)], Ok(()));
    assert_eq!(requests.len(), 3);
}

#[test]
fn three_failures_are_enough() {
    let answers = vec![Answer::status(500), Answer::status(500), Answer::status(500), Answer::whole(BODY)];
    let requests = check(answers, Err("download-failed"));
    assert_eq!(requests.len(), 3);
}

#[test]
fn a_download_goes_on_where_it_broke_off() {
    let answers = vec![Answer::whole(BODY).etag("\"1\"").cut(10), Answer::rest(BODY, 10).etag("\"1\"")];
    let requests = check(answers, Ok(()));
    assert!(requests[1].contains("range: bytes=10-"), "{}", requests[1]);
    assert!(requests[1].contains("if-range: \"1\""), "{}", requests[1]);
}

#[test]
fn a_file_that_changed_meanwhile_is_downloaded_from_its_start() {
    let answers = vec![
        Answer::whole(b"old contents, longer than they were sent").etag("\"1\"").cut(10),
        Answer::whole(BODY),
    ];
    check(answers, Ok(()));
}

#[test]
fn without_a_validator_nothing_is_pieced_together() {
    let requests = check(vec![Answer::whole(BODY).cut(10), Answer::whole(BODY)], Ok(()));
    assert!(!requests[1].contains("range:"), "{}", requests[1]);
}

#[test]
fn a_silent_server_is_given_up() {
    check(vec![Answer::whole(BODY).cut(10).stall(), Answer::whole(BODY)], Ok(()));
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let moved = || Answer::status(302).header("Location", "/elsewhere");
    let requests = check(vec![moved(), Answer::whole(BODY)], Ok(()));
    assert!(requests[1].starts_with("get /elsewhere "), "{}", requests[1]);
    let requests = check(std::iter::repeat_with(moved).take(40).collect(), Err("download-failed"));
    assert_eq!(requests.len(), 11);
    let requests = check(
        vec![Answer::status(301).header("Location", "file:///etc/passwd"), Answer::whole(BODY)],
        Err("download-failed"),
    );
    assert_eq!(requests.len(), 1);
}

#[test]
fn progress_is_told() {
    let lab = lab();
    let server = Server::new(vec![Answer::whole(BODY)]);
    let sources = remote(&lab, &server, &sha256(BODY)).expect("the configuration is right");
    let (sender, receiver) = std::sync::mpsc::channel();
    let monitor = FetchMonitor::new(Cancel::new(), move |bytes, total| {
        let _ = sender.send((bytes, total));
    });
    sources.fetch(&monitor).expect("the server has it");
    drop(monitor);
    let size = BODY.len() as u64;
    assert!(receiver.iter().any(|progress| progress == (size, Some(size))));
}

#[test]
fn cancelling_ends_a_download_at_once() {
    let mut lab = lab();
    Arc::make_mut(&mut lab.context.http).read_timeout = Duration::from_secs(300);
    let server = Server::new(vec![Answer::whole(BODY).cut(10).stall()]);
    let sources = remote(&lab, &server, &sha256(BODY)).expect("the configuration is right");
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let monitor = FetchMonitor::new(cancel, move |_, _| {
        let stop = stop.clone();
        std::thread::spawn(move || stop.cancel());
    });
    let error = sources.fetch(&monitor).expect_err("it was cancelled");
    assert_eq!(error.reason(), "cancelled");
    assert!(mirrored(&lab).is_empty());
}

#[test]
fn tracking_downloads_only_what_changed() -> Result<(), SourceError> {
    let lab = lab();
    let unchanged = Answer::status(304);
    let server =
        Server::new(vec![Answer::whole(BODY).etag("\"1\""), unchanged, Answer::whole(b"new").etag("\"2\"")]);
    let mut sources = lab.sources(&[spec("remote", &[("url", &server.url("names.txt"))])])?;
    assert_eq!(sources.key()?, None);
    let reason = sources.fetch(&silent()).map_err(|error| error.reason().to_owned());
    assert_eq!(reason, Err("missing-ref".to_owned()));
    let mut refs = Vec::new();
    for _ in 0..3 {
        let tracked = sources.track(&silent())?;
        refs.push((tracked[0].1.is_changed(), tracked[0].1.new.to_value()));
    }
    let (old, new) = (sha256(BODY).into(), sha256(b"new").into());
    assert_eq!(refs, [(true, old), (false, sha256(BODY).into()), (true, new)]);
    assert!(server.requests()[1].contains("if-none-match: \"1\""));
    sources.fetch(&silent()).map(|_| ())
}

#[test]
fn a_damaged_download_is_noticed() {
    let lab = lab();
    let server = Server::new(vec![Answer::whole(BODY)]);
    let sources = remote(&lab, &server, &sha256(BODY)).expect("the configuration is right");
    let mirror = lab.context.download_directory.join("remote");
    let folder = mirror.join(server.url("names.txt").replace([':', '/', '.'], "_"));
    std::fs::create_dir_all(&folder).expect("the folder is new");
    std::fs::write(folder.join(sha256(BODY)), "damaged").expect("the folder is new");
    let error = sources.fetch(&silent()).expect_err("the file is damaged");
    assert_eq!(error.reason(), "mirror-corrupt");
    assert_eq!(sources.cached().expect("the store can be read"), None);
}
