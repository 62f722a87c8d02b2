//! Passwords of `~/.netrc`, and who gets them.

mod common;
#[path = "common/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use server::{Answer, Server};
use spec_model::UserError;
use spec_source::SourceError;

const BODY: &[u8] = b"only for those who may";
/// `me:secret` in the scheme Basic.
const BASIC: &str = "Basic bWU6c2VjcmV0";

fn challenge(scheme: &str) -> Answer {
    Answer::status(401).header("WWW-Authenticate", &format!("{scheme} realm=\"x\""))
}

/// Fetches a file from the server with these passwords.
fn fetch(url: &str, netrc: &str) -> Result<(), SourceError> {
    let mut lab = Lab::new();
    Arc::make_mut(&mut lab.context.http).backoff = Duration::from_millis(1);
    Arc::make_mut(&mut lab.context.http).attempts = 2;
    let file = lab.folder.path().join("netrc");
    std::fs::write(&file, netrc).expect("the folder is new");
    Arc::make_mut(&mut lab.context.http).netrc = Some(file);
    let sources = lab.sources(&[spec("remote", &[("url", url), ("ref", &sha256(BODY))])])?;
    sources.fetch(&silent()).map(drop)
}

/// The logins that the server received.
fn told(answers: Vec<Answer>, netrc: &str) -> Vec<Option<String>> {
    let server = Server::new(answers);
    fetch(&server.url("file"), netrc).expect("the login is right");
    server.logins()
}

fn basic() -> Option<String> {
    Some(BASIC.to_owned())
}

#[test]
fn a_server_that_asks_gets_the_password() {
    for netrc in
        ["machine 127.0.0.1 login me password secret", "machine other\ndefault login me password \"secret\""]
    {
        let logins = told(vec![challenge("Basic"), Answer::whole(BODY)], netrc);
        assert_eq!(logins, [None, basic()], "{netrc}");
    }
}

#[test]
fn a_server_that_does_not_ask_gets_none() {
    assert_eq!(told(vec![Answer::whole(BODY)], "machine 127.0.0.1 login me password secret"), [None]);
}

/// An entry without a login is a token, as in BuildStream. It is sent with the first request; a server may also
/// request it.
#[test]
fn tokens() {
    let token = Some("Bearer 1234".to_owned());
    let logins = told(vec![Answer::whole(BODY)], "machine 127.0.0.1\n  password 1234");
    assert_eq!(logins, std::slice::from_ref(&token));
    let answers = vec![challenge("Bearer"), Answer::whole(BODY)];
    assert_eq!(told(answers, "machine 127.0.0.1 login me password 1234"), [None, token]);
}

#[test]
fn a_password_that_is_wrong_or_missing_is_told() {
    for (netrc, requests) in
        [("machine 127.0.0.1 login me password secret", 2), ("", 1), ("machine other login me password x", 1)]
    {
        let server = Server::new(vec![challenge("Basic"), challenge("Basic"), challenge("Basic")]);
        let error = fetch(&server.url("file"), netrc).expect_err("the server wants another");
        assert_eq!(error.reason(), "download-refused");
        assert!(error.hint().is_some_and(|hint| hint.contains("~/.netrc")), "{error:?}");
        assert_eq!(server.requests().len(), requests, "{netrc}");
    }
}

/// The logins that the second server of a redirect received.
fn told_after_redirect(netrc: &str, second: Vec<Answer>) -> (Vec<Option<String>>, Result<(), SourceError>) {
    let second = Server::new(second);
    let moved = Answer::status(302).header("Location", &second.url("elsewhere"));
    let first = Server::new(vec![challenge("Basic"), moved]);
    let outcome = fetch(&first.url("file"), netrc);
    assert_eq!(first.logins().len(), 2);
    (second.logins(), outcome)
}

#[test]
fn a_password_does_not_follow_a_redirect() {
    let all = "machine 127.0.0.1 login me password secret\ndefault login me password secret";
    for netrc in [all, "machine 127.0.0.1 password secret", "default login me password secret"] {
        let (logins, outcome) = match netrc.contains("login") {
            true => told_after_redirect(netrc, vec![Answer::whole(BODY)]),
            false => {
                let second = Server::new(vec![Answer::whole(BODY)]);
                let moved = Answer::status(302).header("Location", &second.url("elsewhere"));
                let first = Server::new(vec![moved]);
                let outcome = fetch(&first.url("file"), netrc);
                assert_eq!(first.logins(), [Some("Bearer secret".to_owned())]);
                (second.logins(), outcome)
            }
        };
        outcome.expect("the file is public");
        assert_eq!(logins, [None], "{netrc}");
    }
    // Nor when the other server requests it.
    let (logins, outcome) = told_after_redirect(all, vec![challenge("Basic"), Answer::whole(BODY)]);
    assert_eq!(outcome.expect_err("it gets none").reason(), "download-refused");
    assert_eq!(logins, [None]);
}

#[test]
fn a_redirect_within_a_server_keeps_its_password() {
    let moved = Answer::status(302).header("Location", "/elsewhere");
    let answers = vec![challenge("Basic"), moved, challenge("Basic"), Answer::whole(BODY)];
    let logins = told(answers, "machine 127.0.0.1 login me password secret");
    assert_eq!(logins, [None, basic(), None, basic()]);
}

#[test]
fn what_is_wrong_with_the_file_is_a_warning() -> Result<(), SourceError> {
    use std::sync::{Arc, Mutex};
    let mut lab = Lab::new();
    let server = Server::new(vec![Answer::whole(BODY), Answer::whole(BODY)]);
    let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = warnings.clone();
    let monitor = silent().with_warnings(move |reason, text| {
        told.lock().expect("one thread").push(format!("{reason}: {text}"));
    });
    let wrong = lab.folder.path().join("netrc");
    std::fs::write(&wrong, "machine h\nlogon me").expect("the folder is new");
    for (name, file) in [("one", wrong), ("two", "/dev/zero".into())] {
        Arc::make_mut(&mut lab.context.http).netrc = Some(file);
        let declared = spec("remote", &[("url", &server.url(name)), ("ref", &sha256(BODY))]);
        lab.sources(&[declared])?.fetch(&monitor)?;
    }
    let warnings = warnings.lock().expect("one thread");
    assert!(warnings[0].contains("line 2: 'logon'"), "{warnings:?}");
    assert!(warnings[1].contains("a device"), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
    Ok(())
}

/// Whatever is wrong, an error tells no password of a URL.
#[test]
fn errors_tell_no_password_of_a_url() {
    let commit = "0123456789012345678901234567890123456789";
    let right = sha256(BODY);
    let answers = ["no archive", "something else", "not there", "broken"];
    let answer = |of: &str| match of {
        "no archive" => Answer::whole(BODY),
        "something else" => Answer::whole(b"other"),
        "not there" => Answer::status(404),
        _ => Answer::status(503),
    };
    let sources = [
        ("tar", right.as_str()),
        ("zip", &right),
        ("deb", &right),
        ("remote", &right),
        ("docker", &right),
        ("git", commit),
        ("git_repo", commit),
    ];
    for (of, (kind, reference)) in answers.iter().flat_map(|of| sources.map(|source| (of, source))) {
        let server = Server::new(std::iter::repeat_with(|| answer(of)).take(4).collect());
        let mut lab = Lab::new();
        let http = Arc::make_mut(&mut lab.context.http);
        (http.backoff, http.attempts) = (Duration::from_millis(1), 2);
        let url = server.url("file").replace("http://", "http://me:secret@");
        let declared = spec(kind, &[("url", &url), ("ref", reference)]);
        let failed = lab.sources(&[declared]).and_then(|sources| sources.fetch(&silent()).map(drop));
        if (kind, *of) == ("remote", "no archive") {
            failed.expect("it is the file");
            continue;
        }
        let error = failed.expect_err(of);
        let told = format!("{error}\n{}", error.hint().unwrap_or_default());
        assert!(!told.contains("secret"), "{kind}, {of}: {told}");
    }
}
