//! The tags that the kind `git` keeps beside its ref, compared with what git itself answers.

mod common;
#[path = "common/git_server.rs"]
mod git_server;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Lab, silent, spec};
use git_server::{GitHttp, git};
use spec_model::{Mapping, Node, NodeKind};
use spec_source::SourceSpec;

/// A repository with a merge, and tags of both sorts on both sides of it.
fn repository(lab: &Lab) -> PathBuf {
    let folder = lab.folder.path().join("a");
    std::fs::create_dir(&folder).expect("the folder is new");
    git(&folder, &["init", "--quiet"]);
    let minute = std::cell::Cell::new(10);
    // Git goes by the times of commits, which must not be the same.
    let commit = |text: &str| {
        minute.set(minute.get() + 1);
        let date = format!("2020-01-01T00:{}:00Z", minute.get());
        let amend = if text == "merge" { "--amend" } else { "--allow-empty" };
        let mut git = Command::new("git");
        git.current_dir(&folder).args(["-c", "user.name=x", "-c", "user.email=x@y"]);
        git.args(["commit", "--quiet", amend, "-m", text]).env("GIT_COMMITTER_DATE", date);
        assert!(git.status().expect("git is there").success());
    };
    commit("one");
    git(&folder, &["tag", "light-one"]);
    commit("two");
    git(&folder, &["tag", "-a", "-m", "x", "full-two"]);
    git(&folder, &["checkout", "--quiet", "-b", "side"]);
    commit("three");
    git(&folder, &["tag", "-a", "-m", "x", "full-three"]);
    commit("four");
    git(&folder, &["tag", "light-four"]);
    git(&folder, &["checkout", "--quiet", "main"]);
    commit("five");
    git(&folder, &["tag", "light-five"]);
    git(&folder, &["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    commit("merge");
    commit("six");
    git(&folder, &["checkout", "--quiet", "--orphan", "alone"]);
    commit("seven");
    git(&folder, &["checkout", "--quiet", "main"]);
    folder
}

type Tags = BTreeSet<(String, String, bool)>;

/// What BuildStream's plugin finds, which asks git four questions.
fn expected(folder: &Path, branch: &str) -> Tags {
    let questions: [&[&str]; 4] = [&[], &["--first-parent"], &["--tags"], &["--tags", "--first-parent"]];
    let mut tags = Tags::new();
    for options in questions {
        let mut describe = Command::new("git");
        describe.current_dir(folder).args(["describe", "--abbrev=0", branch]).args(options);
        let output = describe.output().expect("git is there");
        if output.status.success() {
            let tag = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let commit = git(folder, &["rev-parse", &format!("{tag}^{{commit}}")]);
            let annotated = git(folder, &["cat-file", "-t", &tag]) == "tag";
            tags.insert((tag, commit, annotated));
        }
    }
    tags
}

fn source(url: &str, branch: &str) -> SourceSpec {
    spec("git", &[("url", url), ("track", branch), ("track-tags", "true")])
}

/// The tags of a ref that was tracked.
fn tags(reference: &Node) -> Tags {
    let NodeKind::Mapping(settings) = &reference.kind else { return Tags::new() };
    let one = |tag: &Node| {
        let tag = tag.as_mapping().expect("it is one");
        let text = |key| tag.str(key).expect("it is there").to_owned();
        let annotated = tag.require("annotated").expect("it is there").as_bool().expect("it is one");
        (text("tag"), text("commit"), annotated)
    };
    settings.sequence_or_empty("tags").expect("it is a list").iter().map(one).collect()
}

#[test]
fn tags_are_tracked_as_git_describes_them() {
    let lab = Lab::new();
    let folder = repository(&lab);
    let server = GitHttp::new(lab.folder.path());
    for url in [format!("file://{}", folder.display()), server.url("a/.git")] {
        for (branch, count) in [("main", 4), ("side", 2), ("light-five", 2), ("full-two", 1), ("alone", 0)] {
            let mut sources = lab.sources(&[source(&url, branch)]).expect("it is right");
            let (_, tracked) = sources.track(&silent()).expect("it is there").remove(0);
            assert_eq!(tags(&tracked.new), expected(&folder, branch), "{branch}");
            assert_eq!(tags(&tracked.new).len(), count, "{branch}");
        }
    }
}

/// A tracked ref is what the source has then: it is not new a second time, and is staged with its tags.
#[test]
fn tracked_tags_are_staged() {
    let lab = Lab::new();
    let folder = repository(&lab);
    let url = format!("file://{}", folder.display());
    let mut sources = lab.sources(&[source(&url, "main")]).expect("it is right");
    let (_, tracked) = sources.track(&silent()).expect("it is there").remove(0);
    assert!(tracked.is_changed());
    let names: Vec<&str> = tracked.settings().into_iter().map(|(key, _)| key).collect();
    assert_eq!(names, ["ref", "tags"]);
    let (_, again) = sources.track(&silent()).expect("it is there").remove(0);
    assert!(!again.is_changed(), "{:?}", again.new.to_value());
    let tree = sources.fetch(&silent()).expect("it is there");
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    lab.context.cas.checkout_into(&tree, &place.path().join("files")).expect("the tree is there");
    let described = |options: &[&str]| git(&place.path().join("files"), &[&["describe"], options].concat());
    assert_eq!(described(&["--abbrev=0"]), git(&folder, &["describe", "--abbrev=0", "main"]));
    assert_eq!(
        described(&["--tags", "--abbrev=0"]),
        git(&folder, &["describe", "--tags", "--abbrev=0", "main"])
    );
}

/// As by BuildStream, tags are part of the ref: without `track-tags` those of the old one go with it.
#[test]
fn old_tags_go_with_their_ref() {
    let lab = Lab::new();
    let folder = repository(&lab);
    let commit = git(&folder, &["rev-parse", "main"]);
    let url = format!("file://{}", folder.display());
    let mut tag = Mapping::new();
    for (key, value) in [("tag", "full-two"), ("commit", commit.as_str()), ("annotated", "True")] {
        tag.set(key, Node::text(value));
    }
    let mut source = spec("git", &[("url", &url), ("track", "main"), ("ref", &commit)]);
    source.config.set("tags", Node::sequence(vec![tag.into()]));
    let mut sources = lab.sources(&[source]).expect("it is right");
    let (_, tracked) = sources.track(&silent()).expect("it is there").remove(0);
    assert!(tracked.is_changed() && tags(&tracked.new).is_empty());
    let (_, again) = sources.track(&silent()).expect("it is there").remove(0);
    assert!(!again.is_changed(), "{:?}", again.new.to_value());
}
