//! Downloads from FTP servers.

mod common;
#[path = "common/ftp_server.rs"]
mod ftp_server;

use std::sync::Arc;
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use ftp_server::{FtpServer, Mishap, Offer};
use spec_model::UserError;
use spec_source::SourceError;

const BODY: &[u8] = b"a file of an old server";
const PUBLIC: (&str, &str) = ("anonymous", "anonymous@");

fn offer() -> Offer {
    Offer { path: "pub/a file.txt", body: BODY, login: PUBLIC, knows_size: true, mishaps: Vec::new() }
}

/// Fetches from the server with these passwords, and stages what came.
fn fetch(url: &str, netrc: &str) -> Result<(), SourceError> {
    let mut lab = Lab::new();
    let http = Arc::make_mut(&mut lab.context.http);
    http.backoff = Duration::from_millis(1);
    http.attempts = 2;
    http.read_timeout = Duration::from_millis(500);
    let file = lab.folder.path().join("netrc");
    std::fs::write(&file, netrc).expect("the folder is new");
    http.netrc = Some(file);
    let sources = lab.sources(&[spec("remote", &[("url", url), ("ref", &sha256(BODY))])])?;
    sources.fetch(&silent()).map(drop)
}

#[test]
fn a_file_is_fetched_from_the_server_itself() {
    for knows_size in [true, false] {
        let server = FtpServer::new(Offer { knows_size, ..offer() });
        fetch(&server.url("", "pub/a%20file.txt"), "").expect("the server has it");
        assert_eq!(server.received("TYPE"), ["I"]);
        assert_eq!(server.received("RETR"), ["pub/a file.txt"]);
    }
}

#[test]
fn tracking_finds_the_ref() {
    let server = FtpServer::new(offer());
    let lab = Lab::new();
    let url = server.url("", "pub/a%20file.txt");
    let mut sources = lab.sources(&[spec("remote", &[("url", &url)])]).expect("the URL is right");
    let tracked = sources.track(&silent()).expect("the server has it");
    assert!(format!("{tracked:?}").contains(&sha256(BODY)), "{tracked:?}");
}

#[test]
fn logins() {
    let netrc = "machine 127.0.0.1 login me password s3cret";
    for (login, url, netrc) in [
        (("me", "s3cret"), "", netrc),
        (("me", "s3cret"), "", "default login me password s3cret"),
        (("you", "a b"), "you:a%20b@", netrc),
        (PUBLIC, "", "machine other login me password s3cret"),
    ] {
        let server = FtpServer::new(Offer { login, ..offer() });
        fetch(&server.url(url, "pub/a%20file.txt"), netrc).expect("the login is right");
        assert_eq!(server.received("PASS"), [login.1]);
    }
}

#[test]
fn what_may_go_well_the_next_time_is_tried_again() {
    for mishap in [Mishap::Busy, Mishap::BreaksOff, Mishap::Short, Mishap::Silent] {
        let url = |times| {
            let server = FtpServer::new(Offer { mishaps: vec![mishap; times], ..offer() });
            server.url("", "pub/a%20file.txt")
        };
        fetch(&url(1), "").unwrap_or_else(|error| panic!("{mishap:?}: {error}"));
        let error = fetch(&url(2), "").expect_err("there are two attempts");
        assert_eq!(error.reason(), "download-failed", "{mishap:?}: {error}");
    }
}

#[test]
fn refusals() {
    let server = FtpServer::new(Offer { login: ("me", "s3cret"), ..offer() });
    let error = fetch(&server.url("", "pub/a%20file.txt"), "").expect_err("it wants a login");
    assert_eq!(error.reason(), "download-refused");
    assert!(error.hint().is_some_and(|hint| hint.contains("~/.netrc")), "{error}");
    let server = FtpServer::new(offer());
    let error = fetch(&server.url("me:s3cret@", "pub/other.txt"), "").expect_err("the login is wrong");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    let error = fetch(&server.url("", "pub/other.txt"), "").expect_err("there is no such file");
    assert_eq!((error.reason(), error.to_string().contains("550")), ("download-refused", true), "{error}");
}
