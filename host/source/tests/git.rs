//! Sources from git repositories that git itself made, read in place and over http.

mod common;
#[path = "common/git_server.rs"]
mod git_server;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use common::{Lab, silent, spec};
use git_server::{GitHttp, git};
use spec_cas::ImportMode;
use spec_model::{Cancel, Digest, Mapping, Node, UserError, Value};
use spec_source::{FetchMonitor, SourceError, SourceSpec};

/// A repository with a branch, tags and files of all sorts; the commits in order.
fn repository(lab: &Lab, name: &str) -> (PathBuf, Vec<String>) {
    let folder = lab.folder.path().join("repositories").join(name);
    fs::create_dir_all(folder.join("deep/er")).expect("the folder is new");
    git(&folder, &["init", "--quiet"]);
    let mut commits = Vec::new();
    let mut commit = |what: &str| {
        git(&folder, &["add", "--all"]);
        git(&folder, &["commit", "--quiet", "--allow-empty", "-m", what]);
        commits.push(git(&folder, &["rev-parse", "HEAD"]));
    };
    fs::write(folder.join("a-b"), "1").expect("the folder can be written");
    fs::write(folder.join("deep/er/file"), "2\n".repeat(1000)).expect("the folder can be written");
    commit("one");
    git(&folder, &["tag", "v1.9"]);
    fs::write(folder.join("run"), "#!/bin/sh\n").expect("the folder can be written");
    fs::set_permissions(folder.join("run"), fs::Permissions::from_mode(0o755)).expect("it is there");
    symlink("deep/er", folder.join("link")).expect("the folder can be written");
    fs::create_dir(folder.join("a")).expect("the folder can be written");
    fs::write(folder.join("a/x"), "").expect("the folder can be written");
    commit("two");
    git(&folder, &["tag", "-a", "-m", "annotated", "v1.10"]);
    fs::write(folder.join("deep/er/file"), format!("{}3\n", "2\n".repeat(1000))).expect("it can be written");
    commit("three");
    (folder, commits)
}

fn with(kind: &str, url: &str, config: &[(&str, &str)]) -> SourceSpec {
    spec(kind, &[&[("url", url)], config].concat())
}

fn file_url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

/// The tree of a commit as git checks it out.
fn checked_out(lab: &Lab, folder: &Path, commit: &str) -> Digest {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    git(
        folder,
        &["--work-tree", &place.path().display().to_string(), "checkout", "--quiet", "-f", commit, "--", "."],
    );
    git(folder, &["reset", "--quiet", "--hard"]);
    lab.context.cas.import_dir(place.path(), ImportMode::Copy, |_| true).expect("the store works")
}

/// A folder with a tree below it, in `files`.
fn checkout(lab: &Lab, tree: &Digest) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    lab.context.cas.checkout_into(tree, &place.path().join("files")).expect("the tree is there");
    place
}

/// What a source stages, and the same without its `.git`.
fn staged(lab: &Lab, source: SourceSpec) -> Result<(Digest, Digest), SourceError> {
    let tree = lab.sources(&[source])?.fetch(&silent())?;
    let place = checkout(lab, &tree);
    let files = |path: &str| path != ".git";
    let bare = lab.context.cas.import_dir(&place.path().join("files"), ImportMode::Copy, files);
    Ok((tree, bare.expect("the store works")))
}

#[test]
fn commits_are_staged_as_git_checks_them_out() {
    let lab = Lab::new();
    let (folder, commits) = repository(&lab, "a");
    git(&folder, &["gc", "--quiet"]);
    fs::write(folder.join("loose"), "new").expect("the folder can be written");
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "-m", "loose"]);
    let last = git(&folder, &["rev-parse", "HEAD"]);
    let server = GitHttp::new(folder.parent().expect("it has one"));
    for url in [file_url(&folder), server.url("a/.git")] {
        for commit in commits.iter().chain([&last]) {
            let expect = checked_out(&lab, &folder, commit);
            for kind in ["git", "git_repo", "git_tag"] {
                let (whole, files) = staged(&lab, with(kind, &url, &[("ref", commit)]))
                    .unwrap_or_else(|error| panic!("{kind}: {error}"));
                assert_eq!(files, expect, "{kind} {url} {commit}");
                assert_eq!(whole == files, kind == "git", "{kind} has a .git");
            }
        }
    }
}

/// What is staged beside the files is a repository for git itself, in which nothing was changed.
#[test]
fn staged_repositories_can_be_described() {
    let lab = Lab::new();
    let (folder, commits) = repository(&lab, "a");
    let server = GitHttp::new(folder.parent().expect("it has one"));
    for url in [file_url(&folder), server.url("a/.git")] {
        for (kind, tag, depth) in [("git_repo", "v1.10", 1), ("git_tag", "v1.9", 2)] {
            let reference = format!("{tag}-{depth}-g{}", commits[2]);
            let (tree, _) = staged(&lab, with(kind, &url, &[("ref", &reference)])).expect("it is there");
            let again = Lab::new();
            let (same, _) = staged(&again, with(kind, &url, &[("ref", &reference)])).expect("it is there");
            assert_eq!(tree, same, "the same bytes every time");
            let place = checkout(&lab, &tree);
            let described =
                git(&place.path().join("files"), &["describe", "--tags", "--long", "--abbrev=40", "--dirty"]);
            assert_eq!(described, reference, "{url}");
        }
    }
    let tags = [("tag", "v1.10"), ("commit", &commits[1]), ("annotated", "true")];
    let mut source = with("git", &server.url("a/.git"), &[("ref", &commits[2])]);
    let mut tag = Mapping::new();
    tags.iter().for_each(|(key, value)| tag.set(key, Node::text(*value)));
    source.config.set("tags", Node::sequence(vec![Node::from(tag)]));
    let (tree, _) = staged(&lab, source).expect("it is there");
    let place = checkout(&lab, &tree);
    assert_eq!(git(&place.path().join("files"), &["describe"]), format!("v1.10-1-g{}", &commits[2][..7]));
}

fn tracked(lab: &Lab, source: SourceSpec) -> Result<Option<Value>, SourceError> {
    let tracked = lab.sources(&[source])?.track(&silent())?;
    Ok(tracked.into_iter().next().map(|(_, tracked)| tracked.new.to_value()))
}

#[test]
fn branches_tags_and_patterns_are_tracked() {
    let lab = Lab::new();
    let (folder, commits) = repository(&lab, "a");
    let server = GitHttp::new(folder.parent().expect("it has one"));
    let (one, two, three) = (&commits[0], &commits[1], &commits[2]);
    let long = |tag: &str, depth: u32, commit: &str| format!("{tag}-{depth}-g{commit}");
    for url in [file_url(&folder), server.url("a/.git")] {
        for (kind, config, expect) in [
            ("git_repo", vec![("track", "main")], three.clone()),
            ("git_repo", vec![("track", "v*")], two.clone()),
            ("git_repo", vec![("track", "refs/tags/v1.9")], one.clone()),
            ("git_repo", vec![("track", "v*"), ("ref-format", "git-describe")], long("v1.10", 0, two)),
            ("git_repo", vec![("track", "main"), ("ref-format", "git-describe")], long("v1.10", 1, three)),
            ("git", vec![("track", "main")], three.clone()),
            ("git", vec![("track", "v1.10")], two.clone()),
            ("git", vec![("track", "main"), ("ref-format", "git-describe")], long("v1.10", 1, three)),
            ("git_tag", vec![("track", "main")], long("v1.10", 1, three)),
            ("git_tag", vec![("track", "main"), ("track-tags", "true")], long("v1.10", 0, two)),
        ] {
            let found =
                tracked(&lab, with(kind, &url, &config)).unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert_eq!(found, Some(Value::from(expect.as_str())), "{kind} {config:?} {url}");
        }
        for kind in ["git", "git_repo", "git_tag"] {
            let error = tracked(&lab, with(kind, &url, &[("track", "master")])).expect_err("there is none");
            assert_eq!(error.reason(), "git-no-matching-ref", "{error}");
            assert!(error.to_string().contains("it has main"), "{error}");
        }
    }
    assert_eq!(tracked(&lab, with("git_repo", &file_url(&folder), &[])).expect("it is right"), None);
}

/// Adds a submodule to a repository.
fn add_submodule(folder: &Path, path: &str, url: &str) {
    git(folder, &["submodule", "--quiet", "add", url, path]);
    git(folder, &["commit", "--quiet", "-m", "submodule"]);
}

#[test]
fn submodules_are_staged_where_they_belong() {
    let lab = Lab::new();
    let (inner, _) = repository(&lab, "inner");
    let (middle, _) = repository(&lab, "middle");
    let (outer, _) = repository(&lab, "outer");
    add_submodule(&middle, "lib/inner", "../inner");
    add_submodule(&outer, "lib/middle", "../middle");
    let commit = git(&outer, &["rev-parse", "HEAD"]);
    let names = |tree: Digest| {
        let paths = ["lib/middle/run", "lib/middle/lib/inner/run", "lib/middle"];
        paths.map(|path| lab.context.cas.lookup(&tree, path).expect("the store works").is_some())
    };
    let stage = |kind: &str, more: &[(&str, &str)]| {
        let config = [&[("ref", commit.as_str())], more].concat();
        staged(&lab, with(kind, &file_url(&outer), &config)).map(|(tree, _)| names(tree))
    };
    assert_eq!(stage("git", &[]).expect("all are there"), [true, true, true]);
    assert_eq!(stage("git_tag", &[]).expect("all are there"), [true, false, true]);
    assert_eq!(stage("git_repo", &[]).expect("it has none"), [false, false, true]);
    assert_eq!(stage("git", &[("checkout-submodules", "false")]).expect("it has none"), [false, false, true]);
    let submodule = |path: &str, key: &str, value: &str| {
        let (mut one, mut all) = (Mapping::new(), Mapping::new());
        one.set(key, Node::text(value));
        all.set(path, Node::from(one));
        let mut source = with("git", &file_url(&outer), &[("ref", &commit)]);
        source.config.set("submodules", Node::from(all));
        source
    };
    let without = staged(&lab, submodule("lib/middle/lib/inner", "checkout", "false")).expect("it is there");
    assert_eq!(names(without.0), [true, false, true]);
    let elsewhere = staged(&lab, submodule("lib/middle", "url", &file_url(&inner)));
    assert_eq!(elsewhere.expect_err("another repository").reason(), "git-object-missing");
    let module = with("git_module", &file_url(&middle), &[("path", "lib/middle")]);
    let sources = [with("git_repo", &file_url(&outer), &[("ref", &commit)]), module];
    let mut sources = lab.sources(&sources).expect("it is right");
    let tracked = sources.track(&silent()).expect("it is a submodule");
    let expect = Value::from(git(&middle, &["rev-parse", "HEAD"]));
    assert_eq!(tracked[0].1.new.to_value(), expect);
    assert!(names(sources.fetch(&silent()).expect("it is there"))[0]);
}

/// Fetches, and answers with the warnings.
fn warnings(lab: &Lab, source: SourceSpec) -> (Result<Digest, SourceError>, Vec<String>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = heard.clone();
    let monitor = FetchMonitor::silent(Cancel::new())
        .with_warnings(move |reason, _| told.lock().expect("one thread").push(reason.to_owned()));
    let outcome = lab.sources(&[source]).and_then(|sources| sources.fetch(&monitor));
    let heard = heard.lock().expect("one thread").clone();
    (outcome, heard)
}

#[test]
fn mistakes_are_told() {
    let lab = Lab::new();
    let (folder, commits) = repository(&lab, "a");
    let server = GitHttp::new(folder.parent().expect("it has one"));
    let absent = "d63cbb6fdc0bbdadc4a1b92284826a6d63a7ebcd";
    let no_tag = format!("v7-0-g{}", commits[0]);
    for url in [file_url(&folder), server.url("a/.git")] {
        let is_file = url.starts_with("file");
        for (kind, config, reason) in [
            ("git_repo", vec![("ref", absent)], if is_file { "git-object-missing" } else { "git-refused" }),
            (
                "git_repo",
                vec![("ref", no_tag.as_str())],
                if is_file { "source-not-fetched" } else { "git-no-tag" },
            ),
            ("git_repo", vec![("ref", "v1.9")], "invalid-ref"),
            ("git", vec![("ref", "main")], "invalid-ref"),
            ("git", vec![], "missing-track-and-ref"),
            ("git_tag", vec![], "missing-track-and-ref"),
            ("git_repo", vec![], "missing-ref"),
            ("git_repo", vec![("ref-format", "long")], "invalid-data"),
            ("git", vec![("ref", absent), ("branch", "x")], "invalid-data"),
            ("git_module", vec![("path", "lib")], "source-cannot-be-first"),
        ] {
            let error = staged(&lab, with(kind, &url, &config)).expect_err("it is wrong");
            assert_eq!(error.reason(), reason, "{kind} {config:?} {url}: {error}");
        }
    }
    let nothing = server.url("nothing");
    let error = staged(&lab, with("git_repo", &nothing, &[("ref", absent)])).expect_err("it is not there");
    assert_eq!(error.reason(), "download-refused", "{error}");
    let empty = lab.project().to_path_buf();
    let error =
        staged(&lab, with("git_repo", &file_url(&empty), &[("ref", absent)])).expect_err("no repository");
    assert_eq!(error.reason(), "git-no-repository", "{error}");
    fs::write(folder.join(".gitmodules"), "[submodule \"x\"]\n\tpath = deep\n\turl = ../x\n")
        .expect("it can be written");
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "-m", "inconsistent"]);
    let commit = git(&folder, &["rev-parse", "HEAD"]);
    let (outcome, heard) = warnings(&lab, with("git", &file_url(&folder), &[("ref", &commit)]));
    outcome.expect("git stages it as well");
    assert!(heard.contains(&"git:inconsistent-submodule".to_owned()), "{heard:?}");
    add_submodule(&folder, "own", "../a");
    git(&folder, &["config", "-f", ".gitmodules", "--unset", "submodule.own.url"]);
    git(&folder, &["commit", "--quiet", "-am", "without url"]);
    let commit = git(&folder, &["rev-parse", "HEAD"]);
    let error =
        staged(&lab, with("git", &file_url(&folder), &[("ref", &commit)])).expect_err("it has no url");
    assert_eq!(error.reason(), "git-bad-submodule", "{error}");
}

/// Makes a commit of entries that git itself would not make.
fn hostile_commit(folder: &Path, entries: &[(&str, &str, &str)]) -> String {
    use std::io::Write;
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let byte = |at: usize| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).expect("it is hexadecimal");
        tree.extend((0..20).map(byte));
    }
    let mut child = std::process::Command::new("git")
        .current_dir(folder)
        .args(["hash-object", "-w", "--literally", "-t", "tree", "--stdin"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("git is there");
    child.stdin.take().expect("it is piped").write_all(&tree).expect("git reads");
    let output = child.wait_with_output().expect("git ends");
    let tree = String::from_utf8(output.stdout).expect("it is text");
    git(folder, &["commit-tree", "-m", "hostile", tree.trim()])
}

#[test]
fn what_git_does_not_check_out_is_refused() {
    let lab = Lab::new();
    let (folder, _) = repository(&lab, "a");
    let blob = git(&folder, &["rev-parse", "HEAD:run"]);
    let tree = git(&folder, &["rev-parse", "HEAD:deep"]);
    let absent = "d63cbb6fdc0bbdadc4a1b92284826a6d63a7ebcd";
    for (entries, reason) in [
        (vec![("100644", "..", blob.as_str())], "git-bad-entry"),
        (vec![("40000", ".", tree.as_str())], "git-bad-entry"),
        (vec![("40000", ".git", tree.as_str())], "git-bad-entry"),
        (vec![("40000", ".GiT", tree.as_str())], "git-bad-entry"),
        (vec![("100644", "a/b", blob.as_str())], "git-bad-entry"),
        (vec![("100644", "a", blob.as_str()), ("40000", "a", tree.as_str())], "git-damaged"),
        (vec![("100644", "a", absent)], "git-object-missing"),
        (vec![("40000", "a", blob.as_str())], "git-damaged"),
        (vec![("120000", "a", &git(&folder, &["hash-object", "-w", "/dev/null"]))], "git-damaged"),
    ] {
        let commit = hostile_commit(&folder, &entries);
        let error = staged(&lab, with("git_repo", &file_url(&folder), &[("ref", &commit)]))
            .expect_err("it is hostile");
        assert_eq!(error.reason(), reason, "{entries:?}: {error}");
    }
}

#[test]
fn what_was_fetched_is_not_fetched_again() {
    let lab = Lab::new();
    let (folder, commits) = repository(&lab, "a");
    let server = GitHttp::new(folder.parent().expect("it has one"));
    let url = server.url("a/.git");
    staged(&lab, with("git_repo", &url, &[("ref", &commits[2])])).expect("it is there");
    let count = server.requests.load(std::sync::atomic::Ordering::Relaxed);
    staged(&lab, with("git_repo", &url, &[("ref", &commits[2])])).expect("it is there");
    assert_eq!(server.requests.load(std::sync::atomic::Ordering::Relaxed), count);
    let mirror = lab.context.download_directory.join("git_repo");
    let mirror =
        fs::read_dir(mirror).expect("it was fetched").next().expect("one").expect("it can be read").path();
    git(&mirror, &["fsck", "--strict"]);
    assert_eq!(git(&mirror, &["rev-list", "--count", &commits[2]]), "1", "only one commit was fetched");
}
