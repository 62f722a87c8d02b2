//! Files at several URLs, or at none of them.

mod common;
#[path = "common/server.rs"]
mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use server::{Answer, Server};
use spec_model::{Cancel, FilePosition, Node, UserError};
use spec_source::{Alias, ElementSources, FetchMonitor, SourceContext, SourceError};

const BODY: &[u8] = b"what the ref says";

/// Sources of a file below the alias `up`: mirrors are asked first, in order, and the last URL is the alias itself.
fn sources(lab: &Lab, urls: &[String]) -> ElementSources {
    let (last, mirrors) = urls.split_last().expect("there is a URL");
    let alias = Alias { url: last.clone(), mirrors: mirrors.to_vec() };
    let cas = lab.context.cas.clone();
    let mut context = SourceContext::new(lab.project(), &lab.context.download_directory, cas, move |_| {
        Ok(Some(alias.clone()))
    });
    Arc::make_mut(&mut context.http).backoff = Duration::from_millis(1);
    Arc::make_mut(&mut context.http).attempts = 2;
    let declared = spec("remote", &[("url", "up:file"), ("ref", &sha256(BODY))]);
    ElementSources::new("app.bst", &context, &[declared]).expect("the configuration is right")
}

/// Fetches, and answers with the warnings.
fn fetch(sources: &ElementSources) -> (Result<(), SourceError>, Vec<String>) {
    let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = warnings.clone();
    let monitor = FetchMonitor::silent(Cancel::new()).with_warnings(move |reason, text| {
        told.lock().expect("one thread").push(format!("{reason}: {text}"));
    });
    let outcome = sources.fetch(&monitor).map(drop);
    let warnings = warnings.lock().expect("one thread").clone();
    (outcome, warnings)
}

/// A folder with the file, as the start of a URL.
fn folder(lab: &Lab, name: &str, contents: &[u8]) -> String {
    lab.write(&format!("{name}/file"), contents);
    format!("file://{}/{name}/", lab.project().display())
}

#[test]
fn a_mirror_that_does_not_have_it_is_passed_by() {
    let lab = Lab::new();
    let (broken, working) = (Server::new(vec![Answer::status(404)]), Server::new(vec![Answer::whole(BODY)]));
    let (outcome, warnings) = fetch(&sources(&lab, &[broken.url(""), working.url("")]));
    outcome.expect("the other has it");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((broken.requests().len(), working.requests().len()), (1, 1));
    assert!(lab.context.download_directory.join("remote/up_file").join(sha256(BODY)).is_file());
}

#[test]
fn a_mirror_with_other_contents_is_passed_by_and_told() {
    let lab = Lab::new();
    let (wrong, right) =
        (Server::new(vec![Answer::whole(b"a page to log in")]), Server::new(vec![Answer::whole(BODY)]));
    let (outcome, warnings) = fetch(&sources(&lab, &[wrong.url(""), right.url("")]));
    outcome.expect("the other has it");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["wrong-mirror", "app.bst", &wrong.url("file"), &sha256(b"a page to log in"), &sha256(BODY)] {
        assert!(warnings[0].contains(part), "'{part}' is not in {warnings:?}");
    }
    let kept: Vec<_> = std::fs::read_dir(lab.context.download_directory.join("remote/up_file"))
        .expect("it was fetched")
        .map(|entry| entry.expect("it can be read").file_name())
        .collect();
    assert_eq!(kept, [sha256(BODY).as_str()]);
}

#[test]
fn files_of_this_machine_are_passed_by_as_well() {
    for order in ["wrong right", "right wrong", "wrong server", "missing right"] {
        let lab = Lab::new();
        let server = Server::new(vec![Answer::whole(BODY)]);
        let url = |name: &str| match name {
            "right" => folder(&lab, "right", BODY),
            "wrong" => folder(&lab, "wrong", b"other"),
            "missing" => format!("file://{}/missing/", lab.project().display()),
            _ => server.url(""),
        };
        let urls: Vec<String> = order.split(' ').map(url).collect();
        fetch(&sources(&lab, &urls)).0.unwrap_or_else(|error| panic!("{order}: {error}"));
    }
}

#[test]
fn when_all_are_wrong_each_is_named() {
    let lab = Lab::new();
    let wrong = Server::new(vec![Answer::whole(b"other")]);
    let missing = Server::new(vec![Answer::status(404)]);
    let failing = Server::new(vec![Answer::status(503), Answer::status(503)]);
    let file = folder(&lab, "wrong", b"another");
    let urls = [wrong.url(""), missing.url(""), failing.url(""), file.clone()];
    let error = fetch(&sources(&lab, &urls)).0.expect_err("none has it");
    assert_eq!(error.reason(), "wrong-ref");
    let message = error.to_string();
    for part in [
        &format!("{} has SHA-256 {}", wrong.url("file"), sha256(b"other")),
        &format!("{}: the server answers 404", missing.url("file")),
        &format!("{}: the server answers 503", failing.url("file")),
        &format!("{file}file has SHA-256 {}", sha256(b"another")),
    ] {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
    assert!(!lab.context.download_directory.join("remote/up_file").join(sha256(b"other")).exists());
}

/// As for BuildStream, which copies it into its folder of downloads.
#[test]
fn a_file_of_this_machine_must_be_fetched() {
    let lab = Lab::new();
    let sources = sources(&lab, &[folder(&lab, "right", BODY)]);
    let needed = |sources: &ElementSources| {
        let here = sources.sources().all(|source| source.is_cached());
        !here && sources.cached().expect("the store can be read").is_none()
    };
    assert!(needed(&sources));
    sources.fetch(&silent()).expect("it is there");
    assert!(!needed(&sources));
}

fn at(text: &str, line: u32) -> Node {
    Node { position: Some(FilePosition { file: "app.bst".into(), line, column: 8 }), ..Node::text(text) }
}

/// Fetches two sources, of which only the second is wrong; the error and the number of requests.
fn refused(url: &str, reference: &str) -> (SourceError, usize) {
    let lab = Lab::new();
    let server = Server::new(vec![Answer::whole(BODY)]);
    let good = spec("remote", &[("url", &server.url("good")), ("ref", &sha256(BODY))]);
    let mut wrong = spec("remote", &[]);
    wrong.config.set("url", at(if url.is_empty() { "file:///etc/hostname" } else { url }, 5));
    wrong.config.set("ref", at(reference, 6));
    let sources = lab.sources(&[good, wrong]).expect("it is told when it is fetched");
    sources.key_text().expect("it has a key, as for BuildStream");
    let error = sources.fetch(&silent()).expect_err("it is wrong");
    (error, server.requests().len())
}

#[test]
fn a_ref_that_is_no_digest_is_refused_before_anything_is_downloaded() {
    let upper = sha256(BODY).to_uppercase();
    for (reference, says) in [
        ("", "the ref is empty"),
        ("v1.2", "the ref 'v1.2' is not a digest"),
        ("6c9f6f68a131ec6381da82f2bff978083ed7f4f7", "has 40 digits"),
        ("../../../etc/passwd", "is not a digest"),
        (&upper, "is not a digest"),
    ] {
        let (error, requests) = refused("", reference);
        let message = error.to_string();
        assert_eq!((error.reason(), requests), ("invalid-ref", 0), "{message}");
        assert_eq!(error.position().map(|position| position.line), Some(6), "{message}");
        for part in [says, "64 digits"] {
            assert!(message.contains(part), "'{part}' is not in: {message}");
        }
        assert!(error.hint().is_some_and(|hint| hint.contains("source track app.bst")), "{error:?}");
    }
}

#[test]
fn a_url_that_cannot_be_asked_for_is_refused_before_anything_is_downloaded() {
    for (url, says) in [
        ("http://127.0.0.1:9/a b.txt", "a space"),
        ("https://h/caf\u{e9}", "%C3%A9"),
        ("http://h:port/", "port"),
        ("sftp://h/a", "scheme"),
        ("ftp://h/", "names no file"),
    ] {
        let (error, requests) = refused(url, &sha256(BODY));
        let message = error.to_string();
        assert_eq!((error.reason(), requests), ("invalid-source-url", 0), "{message}");
        assert_eq!(error.position().map(|position| position.line), Some(5), "{message}");
        assert!(message.contains(says) && message.contains(url), "{message}");
    }
}
