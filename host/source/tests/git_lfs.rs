//! Files of Git LFS, from a server that answers as one.

mod common;
#[path = "common/fake_ssh.rs"]
mod fake_ssh;
#[path = "common/git_server.rs"]
mod git_server;
#[path = "common/server.rs"]
mod server;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use git_server::git;
use server::{Answer, Server};
use spec_model::{Cancel, Digest, UserError};
use spec_source::{FetchMonitor, SourceError, SourceSpec};

const BIG: &[u8] = b"the contents of a large file\n";

fn pointer(bytes: &[u8]) -> String {
    let (sha256, size) = (sha256(bytes), bytes.len());
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n")
}

/// A repository with a pointer, whose files are at a URL.
fn repository(lab: &Lab, url: &str) -> (PathBuf, String) {
    let folder = lab.folder.path().join("a");
    fs::create_dir_all(folder.join("deep")).expect("the folder is new");
    git(&folder, &["init", "--quiet"]);
    let write = |path: &str, text: &str| fs::write(folder.join(path), text).expect("it can be written");
    write(".gitattributes", "*.big filter=lfs diff=lfs merge=lfs -text\n");
    write(".lfsconfig", &format!("[lfs]\n\turl = {url}\n"));
    write("deep/a.big", &pointer(BIG));
    write("other.txt", &pointer(b"no file of LFS: it has no such attribute"));
    write("small.big", "not a pointer\n");
    git(&folder, &["-c", "filter.lfs.required=false", "add", "--all"]);
    git(&folder, &["commit", "--quiet", "-m", "one"]);
    let commit = git(&folder, &["rev-parse", "HEAD"]);
    (folder, commit)
}

fn lab() -> Lab {
    let mut lab = Lab::new();
    std::sync::Arc::make_mut(&mut lab.context.http).backoff = Duration::from_millis(1);
    lab
}

fn source(folder: &std::path::Path, commit: &str, lfs: Option<&str>) -> SourceSpec {
    let url = format!("file://{}", folder.display());
    let mut config = vec![("url", url.as_str()), ("ref", commit)];
    config.extend(lfs.map(|value| ("use-lfs", value)));
    spec("git_tag", &config)
}

fn contents(lab: &Lab, tree: &Digest, path: &str) -> Vec<u8> {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    lab.context.cas.checkout_into(tree, &place.path().join("files")).expect("the tree is there");
    fs::read(place.path().join("files").join(path)).expect("it is there")
}

/// The answer of a server that has the file at a path of another one.
fn batch(href: &str, more: &str) -> Answer {
    let (oid, size) = (sha256(BIG), BIG.len());
    let object = format!(
        "{{\"oid\":\"{oid}\",\"size\":{size},\"actions\":{{\"download\":{{\"href\":\"{href}\"{more}}}}}}}"
    );
    Answer::whole(format!("{{\"transfer\":\"basic\",\"objects\":[{object}]}}").as_bytes())
}

#[test]
fn files_are_staged_instead_of_their_pointers() {
    let lab = lab();
    let files = Server::new(vec![Answer::whole(BIG)]);
    let login = ",\"header\":{\"Authorization\":\"Basic c2VjcmV0\",\"X-Token\":\"7\"}";
    let api = Server::new(vec![batch(&files.url("big"), login)]);
    let (folder, commit) = repository(&lab, &api.url("lfs"));
    let with_lfs = source(&folder, &commit, Some("true"));
    let tree = lab
        .sources(std::slice::from_ref(&with_lfs))
        .expect("it is right")
        .fetch(&silent())
        .expect("it is there");
    assert_eq!(contents(&lab, &tree, "deep/a.big"), BIG);
    assert_eq!(contents(&lab, &tree, "small.big"), b"not a pointer\n");
    assert!(contents(&lab, &tree, "other.txt").starts_with(b"version"));
    let asked = &api.requests()[0];
    assert!(asked.starts_with("post /lfs/objects/batch "), "{asked}");
    assert!(asked.contains("accept: application/vnd.git-lfs+json"), "{asked}");
    let asked = &files.requests()[0];
    assert!(asked.starts_with("get /big ") && asked.contains("x-token: 7"), "{asked}");
    assert_eq!(files.logins(), [Some("Basic c2VjcmV0".to_owned())]);
    // Both servers would answer once: what was fetched is not asked for again.
    lab.sources(std::slice::from_ref(&with_lfs)).expect("it is right").fetch(&silent()).expect("it is there");
    let pointers = lab.sources(&[source(&folder, &commit, Some("false"))]).expect("it is right");
    let tree = pointers.fetch(&silent()).expect("it is there");
    assert_eq!(contents(&lab, &tree, "deep/a.big"), pointer(BIG).as_bytes());
}

#[test]
fn files_beside_a_repository_of_this_machine_are_read_there() {
    let lab = lab();
    let (folder, commit) = repository(&lab, "http://127.0.0.1:9/");
    let name = sha256(BIG);
    let place = folder.join(".git/lfs/objects").join(&name[..2]).join(&name[2..4]);
    fs::create_dir_all(&place).expect("the folder is new");
    fs::write(place.join(&name), BIG).expect("it can be written");
    let sources = lab.sources(&[source(&folder, &commit, Some("true"))]).expect("it is right");
    let tree = sources.fetch(&silent()).expect("it is there");
    assert_eq!(contents(&lab, &tree, "deep/a.big"), BIG);
    // One with other contents of the same size is not taken.
    fs::write(place.join(&name), BIG.to_ascii_uppercase()).expect("it can be written");
    let other = self::lab();
    let sources = other.sources(&[source(&folder, &commit, Some("true"))]).expect("it is right");
    let error = sources.fetch(&silent()).expect_err("it is damaged");
    assert_eq!(error.reason(), "git-lfs-failed", "{error}");
    assert!(error.to_string().contains("is damaged"), "{error}");
}

/// A server that is reached over ssh says where the files are, and with which login.
#[test]
fn servers_over_ssh_are_asked_for_the_server_of_files() {
    let mut lab = lab();
    let ssh = fake_ssh::FakeSsh::new(lab.folder.path());
    lab.context.ssh = ssh.options().into();
    let files = Server::new(vec![Answer::whole(BIG)]);
    let api = Server::new(vec![batch(&files.url("big"), "")]);
    let (folder, _) = repository(&lab, "http://127.0.0.1:9/");
    git(&folder, &["rm", "--quiet", ".lfsconfig"]);
    git(&folder, &["commit", "--quiet", "-m", "two"]);
    let commit = git(&folder, &["rev-parse", "HEAD"]);
    let login = format!(
        "test \"$2\" = download && echo '{{\"href\":\"{}\",\"header\":{{\"Authorization\":\"Basic eA==\"}}}}'",
        api.url("api")
    );
    ssh.add_command("git-lfs-authenticate", &login);
    let url = format!("ssh://git@h{}", folder.display());
    let source = spec("git_tag", &[("url", &url), ("ref", &commit), ("use-lfs", "true")]);
    let sources = lab.sources(&[source]).expect("it is right");
    let tree = sources.fetch(&silent()).expect("it is there");
    assert_eq!(contents(&lab, &tree, "deep/a.big"), BIG);
    assert_eq!(api.logins(), [Some("Basic eA==".to_owned())]);
    assert_eq!(files.logins(), [None], "the login is for the server that was named");
    let asked = format!("git@h git-lfs-authenticate '{}' download", folder.display());
    assert!(ssh.calls().iter().any(|call| call.ends_with(&asked)), "{:?}", ssh.calls());
}

fn refusal(answers: Vec<Answer>, file: Option<Answer>) -> SourceError {
    let lab = lab();
    let files = Server::new(file.into_iter().collect());
    let answers = if answers.is_empty() { vec![batch(&files.url("big"), "")] } else { answers };
    let api = Server::new(answers);
    let (folder, commit) = repository(&lab, &api.url("lfs"));
    let sources = lab.sources(&[source(&folder, &commit, Some("true"))]).expect("it is right");
    let error = sources.fetch(&silent()).expect_err("it cannot be had");
    assert!(error.hint().is_some(), "{error}");
    let left = lab.context.download_directory.join("git_tag");
    let parts = walk(&left).into_iter().filter(|path| path.extension().is_some_and(|end| end == "part"));
    assert_eq!(parts.count(), 0, "nothing half is left");
    error
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn what_is_wrong_with_a_server_or_a_file_is_told() {
    let object = |text: &str| {
        let oid = sha256(BIG);
        vec![Answer::whole(format!("{{\"objects\":[{{\"oid\":\"{oid}\",\"size\":1{text}}}]}}").as_bytes())]
    };
    let gone = ",\"error\":{\"code\":404,\"message\":\"no such\\u001b file\"}";
    let more = [BIG, b"more"].concat();
    for (answers, file, reason, part) in [
        (object(gone), None, "git-lfs-failed", "refused by the server: no such file (404)"),
        (object(""), None, "git-lfs-failed", "cannot be downloaded"),
        (vec![Answer::whole(b"{\"objects\":[]}")], None, "git-lfs-failed", "not in the server's answer"),
        (vec![Answer::whole(b"<html>")], None, "git-lfs-failed", "server of Git LFS is none"),
        (
            vec![Answer::whole(b"{\"transfer\":\"ssh\",\"objects\":[]}")],
            None,
            "git-lfs-failed",
            "the transfer 'ssh'",
        ),
        (vec![Answer::status(404)], None, "download-refused", "404"),
        (vec![Answer::status(401)], None, "download-refused", "401"),
        (vec![], Some(Answer::whole(&BIG.to_ascii_uppercase())), "git-lfs-failed", "has SHA-256"),
        (vec![], Some(Answer::whole(&BIG[1..])), "git-lfs-failed", "has 28 bytes instead of 29"),
        (vec![], Some(Answer::whole(&more)), "git-lfs-failed", "has more than 29 bytes"),
        (vec![], Some(Answer::status(403)), "download-refused", "403"),
    ] {
        let error = refusal(answers, file);
        assert_eq!(error.reason(), reason, "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn a_server_that_fails_for_a_while_is_asked_again() {
    let lab = lab();
    let files = Server::new(vec![Answer::whole(BIG).cut(5), Answer::status(503), Answer::whole(BIG)]);
    let href = files.url("big");
    let api = Server::new(vec![batch(&href, ""), batch(&href, ""), batch(&href, "")]);
    let (folder, commit) = repository(&lab, &api.url("lfs"));
    let sources = lab.sources(&[source(&folder, &commit, Some("true"))]).expect("it is right");
    let tree = sources.fetch(&silent()).expect("the third attempt has it");
    assert_eq!(contents(&lab, &tree, "deep/a.big"), BIG);
}

/// As by BuildStream, a source that does not say whether it wants the files is warned of.
#[test]
fn sources_that_do_not_say_it_are_warned_of() {
    let lab = lab();
    let (folder, commit) = repository(&lab, "http://127.0.0.1:9/");
    for (lfs, expect) in [(None, vec!["git_tag:unused-lfs"]), (Some("false"), vec![])] {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = heard.clone();
        let monitor = FetchMonitor::silent(Cancel::new())
            .with_warnings(move |reason, _| told.lock().expect("one thread").push(reason.to_owned()));
        let sources = lab.sources(&[source(&folder, &commit, lfs)]).expect("it is right");
        let tree = sources.fetch(&monitor).expect("the pointers are there");
        assert_eq!(contents(&lab, &tree, "deep/a.big"), pointer(BIG).as_bytes());
        assert_eq!(*heard.lock().expect("one thread"), expect, "{lfs:?}");
    }
}
