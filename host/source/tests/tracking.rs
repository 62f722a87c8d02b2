//! Refs that are found by asking a server for releases, or in a file of the sources before.

mod common;
#[path = "common/server.rs"]
mod server;

use std::io::Write;

use common::{Lab, append, sha256, silent, spec};
use flate2::Compression;
use flate2::write::GzEncoder;
use server::{Answer, Server};
use spec_cas::{Cas, Walk};
use spec_model::{Digest, FilePosition, Mapping, Node, UserError, Value};
use spec_source::{Alias, SourceError, SourceSpec};
use tar::EntryType;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("it is written to memory");
    encoder.finish().expect("it is written to memory")
}

/// An archive of a folder with one file.
fn archive(folder: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, EntryType::Regular, &format!("{folder}/file"), 0o644, "", folder.as_bytes());
    packed(&tar.into_inner().expect("it is written to memory"))
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    std::sync::Arc::make_mut(&mut lab.context.http).backoff = std::time::Duration::from_millis(1);
    lab
}

/// What the last source tracks.
fn track(lab: &Lab, specs: &[SourceSpec]) -> Result<Value, SourceError> {
    let tracked = lab.sources(specs)?.track(&silent())?;
    let (_, tracked) = tracked.into_iter().next_back().expect("it is tracked");
    Ok(tracked.new.to_value())
}

#[track_caller]
fn refused(lab: &Lab, specs: &[SourceSpec], reason: &str, part: &str) {
    let mut specs = specs.to_vec();
    let place = FilePosition { file: "app.bst".into(), line: 7, column: 3 };
    if let Some(last) = specs.last_mut() {
        last.position = Some(place.clone());
    }
    let error = track(lab, &specs).expect_err("it cannot be tracked");
    assert_eq!((error.reason(), error.position()), (reason, Some(&place)), "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(error.hint().is_some(), "{error}");
}

fn files(cas: &Cas, root: &Digest) -> Vec<String> {
    let mut paths = Vec::new();
    let walked = cas.walk(root, |path, _| {
        paths.push(path.to_owned());
        Ok(Walk::Enter)
    });
    walked.expect("the tree is in the store");
    paths
}

const LIST: &str = "File: 02packages.details.txt\n\nA  undef  A/AA/A-1.tar.gz\nA::B 2.0 A/AB/AB-2.tar.gz\n";

fn cpan(server: &Server, name: &str) -> SourceSpec {
    spec("cpan", &[("name", name), ("index", &server.url(""))])
}

#[test]
fn modules_of_cpan() -> Result<(), SourceError> {
    let lab = lab();
    let ab = archive("AB-2");
    let server = Server::new(vec![Answer::whole(&packed(LIST.as_bytes())), Answer::whole(&ab)]);
    let mut sources = lab.sources(&[cpan(&server, "A::B")])?;
    let tracked = sources.track(&silent())?;
    let settings = tracked[0].1.settings();
    let settings: Vec<(&str, &str)> =
        settings.into_iter().map(|(key, node)| (key, node.as_str().expect("a text"))).collect();
    let sha = sha256(&ab);
    assert_eq!(settings, [("suffix", "authors/id/A/AB/AB-2.tar.gz"), ("sha256sum", sha.as_str())]);
    let requests: Vec<String> =
        server.requests().iter().map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(requests, ["/modules/02packages.details.txt.gz", "/authors/id/a/ab/ab-2.tar.gz"]);
    // What was tracked is there.
    let tree = sources.fetch(&silent())?;
    assert_eq!(files(&lab.context.cas, &tree), ["file"]);
    Ok(())
}

#[test]
fn indexes_of_cpan_that_are_of_no_use() {
    let lab = lab();
    let list = || Answer::whole(&packed(LIST.as_bytes()));
    let check = |answers: Vec<Answer>, name: &str, reason: &str, part: &str| {
        let server = Server::new(answers);
        refused(&lab, &[cpan(&server, name)], reason, part);
    };
    check(vec![list()], "Missing", "index-no-entry", "module 'Missing'");
    check(vec![Answer::whole(b"<html>")], "A", "index-answer", "list of the modules");
    check(vec![Answer::status(404)], "A", "download-refused", "404");
    check(vec![list(), Answer::status(404)], "A", "download-refused", "A-1.tar.gz");
    check(vec![Answer::status(503), Answer::status(503), Answer::status(503)], "A", "download-failed", "503");
    check(vec![Answer::status(503), list(), Answer::status(403)], "A", "download-refused", "403");
}

/// Tracking asks the original first, as BuildStream does.
#[test]
fn a_mirror_of_cpan_is_asked_when_the_original_is_of_no_use() -> Result<(), SourceError> {
    let mut lab = lab();
    let a = archive("A-1");
    let original = Server::new(vec![Answer::status(404), Answer::status(404)]);
    let mirror = Server::new(vec![Answer::whole(&packed(LIST.as_bytes())), Answer::whole(&a)]);
    let alias = Alias { url: original.url(""), mirrors: vec![mirror.url("")] };
    let (project, downloads) = (lab.project().to_path_buf(), lab.context.download_directory.clone());
    let known = move |name: &str| Ok((name == "cpan").then(|| alias.clone()));
    let http = lab.context.http.clone();
    lab.context = spec_source::SourceContext::new(project, downloads, lab.context.cas.clone(), known);
    lab.context.http = http;
    let found = track(&lab, &[spec("cpan", &[("name", "A"), ("index", "cpan:")])])?;
    assert!(found.canonical().contains(&sha256(&a)), "{}", found.canonical());
    assert_eq!((original.requests().len(), mirror.requests().len()), (2, 2));
    Ok(())
}

fn anitya(server: &Server) -> SourceSpec {
    let (api, url) = (server.url("api/"), server.url("{major}.{minor}/p-{version}.tar.gz"));
    spec("anitya", &[("project-id", "5"), ("url", &url), ("api-url", &api)])
}

#[test]
fn releases_that_anitya_knows() -> Result<(), SourceError> {
    let lab = lab();
    let p = archive("p");
    let server = Server::new(vec![
        Answer::whole(b"{\"latest_version\":\"2.0rc1\",\"stable_versions\":[\"1.2.3\",\"1.2.2\"]}"),
        Answer::whole(&p),
    ]);
    let mut sources = lab.sources(&[anitya(&server)])?;
    let tracked = sources.track(&silent())?;
    let expect = Value::map([("version", "1.2.3".into()), ("sha256sum", Value::from(sha256(&p)))]);
    assert_eq!(tracked[0].1.new.to_value(), expect);
    let requests = server.requests();
    assert!(requests[0].starts_with("get /api/versions/?project_id=5 "), "{}", requests[0]);
    assert!(requests[1].starts_with("get /1.2/p-1.2.3.tar.gz "), "{}", requests[1]);
    let tree = sources.fetch(&silent())?;
    assert_eq!(files(&lab.context.cas, &tree), ["file"]);
    Ok(())
}

#[test]
fn answers_of_anitya_that_are_of_no_use() {
    let lab = lab();
    for (answer, reason, part) in [
        (Answer::whole(b"{\"stable_versions\":[]}"), "index-no-entry", "project 5"),
        (Answer::whole(b"{}"), "index-no-entry", "project 5"),
        (Answer::status(404), "index-no-entry", "project 5"),
        (Answer::whole(b"<html>"), "index-answer", "JSON"),
        (Answer::whole(b"{\"stable_versions\":[1]}"), "index-answer", "JSON"),
        (Answer::whole(b"{\"stable_versions\":[\"1\"]}").cut(5), "download-failed", "broke off"),
    ] {
        refused(&lab, &[anitya(&Server::new(vec![answer.clone(), answer.clone(), answer]))], reason, part);
    }
}

#[test]
fn a_server_that_stops_is_given_up() {
    let mut lab = lab();
    std::sync::Arc::make_mut(&mut lab.context.http).read_timeout = std::time::Duration::from_millis(200);
    let stalled = || Answer::whole(b"{\"stable_versions\":[]}").cut(5).stall();
    let server = Server::new(vec![stalled(), stalled(), stalled()]);
    refused(&lab, &[anitya(&server)], "download-failed", "attempts: 3");
}

#[test]
fn cancelling_ends_a_question_at_once() {
    let mut lab = lab();
    std::sync::Arc::make_mut(&mut lab.context.http).read_timeout = std::time::Duration::from_secs(300);
    let server = Server::new(vec![Answer::whole(b"{}").cut(1).stall()]);
    let cancel = spec_model::Cancel::new();
    let mut sources = lab.sources(&[anitya(&server)]).expect("the configuration is right");
    let stop = cancel.clone();
    std::thread::spawn(move || {
        while server.requests().is_empty() {
            std::thread::yield_now();
        }
        stop.cancel();
    });
    let error = sources.track(&spec_source::FetchMonitor::silent(cancel)).expect_err("it was cancelled");
    assert_eq!(error.reason(), "cancelled");
}

const LOCK: &str = r#"
version = 3
[[package]]
name = "own"
version = "0.1.0"

[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bb"

[[package]]
name = "a"
version = "1.10.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "a"
version = "1.9.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"
"#;

const GIT: &str = r#"
[[package]]
name = "g"
version = "0.3.0"
source = "git+https://up.org/g.git?branch=main#0123456789012345678901234567890123456789"
"#;

/// The crates that a lock file in the project names.
fn crates(lab: &Lab, kind: &str, lock: &str, server: &Server) -> [SourceSpec; 2] {
    let folder = lab.new_folder();
    lab.write(&format!("{folder}/sub/Cargo.lock"), lock.as_bytes());
    let crates = spec(kind, &[("url", &server.url("crates")), ("cargo-lock", "./sub//Cargo.lock")]);
    [spec("local", &[("path", &folder)]), crates]
}

#[test]
fn crates_of_a_lock_file() -> Result<(), SourceError> {
    let lab = lab();
    let a = archive("a-1.10.0");
    let server = Server::new(vec![Answer::whole(&a)]);
    let entry = |name: &str, version: &str, sha: &str, registry: bool| {
        let mut entries = vec![("name", name), ("version", version), ("sha", sha)];
        entries.extend(registry.then_some(("kind", "registry")));
        Value::map(entries.into_iter().map(|(key, text)| (key, Value::from(text))))
    };
    let of = |registry| {
        let sha = sha256(&a);
        let [first, second, third] =
            [("a", "1.10.0", sha.as_str()), ("a", "1.9.0", "aa"), ("b", "2.0.0", "bb")];
        [first, second, third].map(|(name, version, sha)| entry(name, version, sha, registry)).to_vec()
    };
    assert_eq!(track(&lab, &crates(&lab, "cargo", LOCK, &server))?, Value::Seq(of(false)));
    let requests = server.requests();
    assert!(requests[0].starts_with("get /crates/a/a-1.10.0.crate "), "{}", requests[0]);
    let server = Server::new(vec![Answer::whole(&a)]);
    let mut specs = crates(&lab, "cargo2", &format!("{LOCK}{GIT}"), &server);
    let mut mirrors = Mapping::new();
    mirrors.set("https://up.org/", Node::text("up:"));
    mirrors.set("https://up", Node::text("wrong:"));
    specs[1].config.set("git-mirrors", mirrors);
    let git = [("kind", "git"), ("name", "g"), ("version", "0.3.0"), ("repo", "up:g.git")]
        .map(|(key, text)| (key, Value::from(text)));
    let commit = Value::from("0123456789012345678901234567890123456789");
    let git =
        git.into_iter().chain([("commit", commit), ("query", Value::map([("branch", Value::from("main"))]))]);
    let expect: Vec<Value> = of(true).into_iter().chain([Value::map(git)]).collect();
    assert_eq!(track(&lab, &specs)?, Value::Seq(expect));
    Ok(())
}

/// Where crates come from, as somebody wrote it, is not lost.
#[test]
fn tracking_keeps_the_provenance_of_crates() -> Result<(), SourceError> {
    let lab = lab();
    let server = Server::new(Vec::new());
    let lock = LOCK.replace("version = \"1.10.0\"", "version = \"1.10.0\"\nchecksum = \"ab\"");
    let mut specs = crates(&lab, "cargo2", &lock, &server);
    let mut old = Mapping::new();
    for (key, value) in [("kind", "registry"), ("name", "b"), ("version", "1.0"), ("sha", "00")] {
        old.set(key, Node::text(value));
    }
    let mut provenance = Mapping::new();
    provenance.set("homepage", Node::text("https://b.org"));
    old.set("provenance", provenance);
    specs[1].config.set("ref", Node::sequence(vec![old.into()]));
    let mut sources = lab.sources(&specs)?;
    let tracked = sources.track(&silent())?;
    assert!(tracked[0].1.is_changed());
    let Value::Seq(entries) = tracked[0].1.new.to_value() else { panic!("a list") };
    let has: Vec<bool> = entries.iter().map(|entry| entry.canonical().contains("https://b.org")).collect();
    assert_eq!(has, [false, false, true]);
    let again = sources.track(&silent())?;
    assert!(!again[0].1.is_changed(), "the second time nothing is new");
    Ok(())
}

#[test]
fn lock_files_that_are_of_no_use() {
    let lab = lab();
    let server = Server::new(vec![Answer::status(404)]);
    let check = |kind: &str, lock: &str, reason: &str, part: &str| {
        refused(&lab, &crates(&lab, kind, lock, &server), reason, part);
    };
    check("cargo", "[[package]]\nname = 1\n", "lock-file-invalid", "line 2, column 8");
    check("cargo2", "", "lock-file-invalid", "line 1, column 1");
    check("cargo", LOCK, "download-refused", "a-1.10.0.crate");
    let sparse = LOCK.replace("registry+", "sparse+");
    check("cargo2", &sparse, "lock-file-invalid", "from 'sparse'");
    for (path, part) in
        [("missing", "'missing'"), ("../x", "'../x'"), ("/etc/hostname", "'/etc/hostname'"), ("sub", "'sub'")]
    {
        let mut specs = crates(&lab, "cargo", LOCK, &server);
        specs[1].config.set("cargo-lock", Node::text(path));
        refused(&lab, &specs, "previous-file-missing", part);
    }
}

/// Nothing is executed to find a lock file, so its ref is written by hand, as the hint says.
#[test]
fn a_lock_file_that_is_a_ref_is_written_by_hand() -> Result<(), SourceError> {
    use base64::Engine;
    let (lab, lock) = (lab(), "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n");
    let folder = lab.new_folder();
    lab.write(&format!("{folder}/Cargo.toml"), b"[package]\nname = \"app\"\nversion = \"0.1.0\"\n");
    let mut specs = [spec("local", &[("path", &folder)]), spec("gen_cargo_lock", &[])];
    refused(&lab, &specs, "source-kind-not-tracked", "gen_cargo_lock");
    let error = track(&lab, &specs).expect_err("it is not tracked");
    let hint = error.hint().expect("it says what to do");
    assert!(hint.contains("cargo generate-lockfile && base64 -w0 Cargo.lock"), "{hint}");
    let reference = base64::engine::general_purpose::STANDARD.encode(lock);
    specs[1].config.set("ref", Node::text(reference));
    let root = lab.sources(&specs)?.fetch(&silent())?;
    assert_eq!(files(&lab.context.cas, &root), ["Cargo.lock", "Cargo.toml"]);
    Ok(())
}
