//! Git repositories over ssh: a program in place of `ssh` runs the service of git itself.

mod common;
#[path = "common/fake_ssh.rs"]
mod fake_ssh;
#[path = "common/git_server.rs"]
mod git_server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Lab, silent, spec};
use fake_ssh::FakeSsh;
use git_server::git;
use spec_model::{Cancel, Digest, UserError, Value};
use spec_source::{Alias, FetchMonitor, SourceContext, SourceError, SourceSpec, SshOptions, SshProgram};

/// A project whose alias `git` is git's short form of an address, and a repository `a` with two commits on the "server".
struct SshLab {
    lab: Lab,
    ssh: FakeSsh,
    folder: PathBuf,
    commits: Vec<String>,
}

impl SshLab {
    fn new() -> Self {
        let mut lab = Lab::new();
        let ssh = FakeSsh::new(lab.folder.path());
        let (project, downloads) = (lab.project().to_path_buf(), lab.context.download_directory.clone());
        let alias = |name: &str| {
            let url = match name {
                "git" => "git@h:",
                "away" => "git@away:",
                _ => return Ok(None),
            };
            let mirrors =
                if name == "away" { vec!["git@denied:".to_owned(), "git@h:".to_owned()] } else { vec![] };
            Ok(Some(Alias { url: url.to_owned(), mirrors }))
        };
        lab.context = SourceContext::new(project, downloads, lab.context.cas.clone(), alias);
        lab.context.ssh = ssh.options().into();
        let http = Arc::make_mut(&mut lab.context.http);
        http.backoff = Duration::from_millis(1);
        http.read_timeout = Duration::from_secs(5);
        let folder = lab.folder.path().join("a");
        fs::create_dir(&folder).expect("the folder is new");
        git(&folder, &["init", "--quiet"]);
        let mut commits = Vec::new();
        for text in ["one", "two"] {
            fs::write(folder.join("file"), text.repeat(3000)).expect("it can be written");
            git(&folder, &["add", "--all"]);
            git(&folder, &["commit", "--quiet", "-m", text]);
            git(&folder, &["tag", &format!("v-{text}")]);
            commits.push(git(&folder, &["rev-parse", "HEAD"]));
        }
        Self { lab, ssh, folder, commits }
    }

    /// The URL of the repository with another host.
    fn url(&self, host: &str) -> String {
        format!("ssh://git@{host}{}", self.folder.display())
    }

    fn with(&self, kind: &str, url: &str, config: &[(&str, &str)]) -> SourceSpec {
        spec(kind, &[&[("url", url)], config].concat())
    }

    fn fetch(&self, source: SourceSpec) -> Result<Digest, SourceError> {
        self.lab.sources(&[source])?.fetch(&silent())
    }

    fn refusal(&self, url: &str) -> SourceError {
        self.fetch(self.with("git_repo", url, &[("ref", &self.commits[0])])).expect_err(url)
    }

    /// What is fetched from the folder itself.
    fn expected(&self, kind: &str, commit: &str) -> Digest {
        let lab = Lab::new();
        let url = format!("file://{}", self.folder.display());
        let sources = lab.sources(&[self.with(kind, &url, &[("ref", commit)])]).expect("it is right");
        sources.fetch(&silent()).expect("it is there")
    }
}

#[test]
fn commits_are_fetched_and_tracked() {
    for kind in ["git", "git_repo", "git_tag"] {
        let lab = SshLab::new();
        for url in [lab.url("h"), lab.url("h:2222"), "git:a".to_owned()] {
            let commit = &lab.commits[1];
            let staged = lab.fetch(lab.with(kind, &url, &[("ref", commit)]));
            let staged = staged.unwrap_or_else(|error| panic!("{kind} {url}: {error}"));
            assert_eq!(staged, lab.expected(kind, commit), "{kind} {url}");
            let mut sources =
                lab.lab.sources(&[lab.with(kind, &url, &[("track", "main")])]).expect("it is right");
            let tracked = sources.track(&silent()).expect("it is there");
            let expect = if kind == "git_tag" { format!("v-two-0-g{commit}") } else { commit.clone() };
            assert_eq!(tracked[0].1.new.to_value(), Value::from(expect), "{kind} {url}");
        }
        let calls = lab.ssh.calls();
        let begin = "version=2 -T -o BatchMode=yes -o ConnectTimeout=30 -o SendEnv=GIT_PROTOCOL ";
        assert!(calls.iter().all(|call| call.starts_with(begin)), "{calls:?}");
        let with_port = format!("-p 2222 git@h git-upload-pack '{}'", lab.folder.display());
        assert!(calls.iter().any(|call| call.ends_with(&with_port)), "{calls:?}");
        assert!(calls.iter().any(|call| call.ends_with(" git@h git-upload-pack 'a'")), "{calls:?}");
    }
}

#[test]
fn commits_since_a_tag_are_fetched() {
    let lab = SshLab::new();
    let reference = format!("v-one-1-g{}", lab.commits[1]);
    let tree = lab.fetch(lab.with("git_repo", &lab.url("h"), &[("ref", &reference)])).expect("it is there");
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    lab.lab.context.cas.checkout_into(&tree, &place.path().join("files")).expect("the tree is there");
    let described =
        git(&place.path().join("files"), &["describe", "--tags", "--long", "--abbrev=40", "--dirty"]);
    assert_eq!(described, reference);
}

/// What a server's sshd or shell does besides.
#[test]
fn servers_of_all_sorts_are_understood() {
    for (host, calls) in [("plain", 2), ("flaky", 2), ("chatty", 1), ("background", 1)] {
        let lab = SshLab::new();
        let source = lab.with("git_repo", &lab.url(host), &[("ref", &lab.commits[0])]);
        let staged = lab.fetch(source).unwrap_or_else(|error| panic!("{host}: {error}"));
        assert_eq!(staged, lab.expected("git_repo", &lab.commits[0]), "{host}");
        assert_eq!(lab.ssh.calls().len(), calls, "{host}");
    }
}

#[test]
fn what_fails_is_told_with_what_to_do() {
    for (host, reason, part, hint, calls) in [
        ("denied", "git-ssh-failed", "git@denied: Permission denied (publickey).", "ssh -T git@denied", 1),
        ("denied:77", "git-ssh-failed", "(attempts: 1)", "ssh -T -p 77 git@denied", 1),
        ("away", "git-ssh-failed", "Connection refused (attempts: 3)", "ssh -T git@away", 3),
        ("breaks", "git-ssh-failed", "Broken pipe", "ssh -T git@breaks", 3),
        ("narrow", "git-old-protocol", "version 2", "AcceptEnv GIT_PROTOCOL", 2),
        ("noisy", "git-refused", "'Welc'", "", 1),
        ("quiet", "git-refused", "says: nothing", "", 1),
    ] {
        let lab = SshLab::new();
        let error = lab.refusal(&lab.url(host));
        assert_eq!(error.reason(), reason, "{host}: {error}");
        assert!(error.to_string().contains(part), "{host}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{host}: {:?}", error.hint());
        assert_eq!(lab.ssh.calls().len(), calls, "{host}: {:?}", lab.ssh.calls());
    }
    let lab = SshLab::new();
    let error = lab.refusal("git:nothing");
    assert_eq!(error.reason(), "git-refused", "{error}");
    assert!(error.to_string().contains("'nothing' does not appear to be a git repository"), "{error}");
}

#[test]
fn a_missing_program_is_told() {
    let mut lab = SshLab::new();
    lab.lab.context.ssh = SshOptions { program: SshProgram::Named("no-such-ssh".to_owned()) }.into();
    let error = lab.refusal(&lab.url("h"));
    assert_eq!((error.reason(), error.blame()), ("git-no-ssh", spec_model::Blame::Machine), "{error}");
    assert!(error.to_string().contains("no-such-ssh"), "{error}");
    assert!(error.hint().unwrap_or_default().contains("OpenSSH"), "{:?}", error.hint());
}

/// Nothing is started for what could be an option or a command.
#[test]
fn addresses_that_mean_something_else_are_refused() {
    let lab = SshLab::new();
    for (url, part) in [
        ("ssh://-oProxyCommand=touch x/a", "'-oProxyCommand=touch x' is no name of a host"),
        ("ssh://-lx@h/a", "no name of a user"),
        ("git:-x", "begins with '-'"),
        ("ssh://$(touch x)/a", "no name of a host"),
        ("ssh://git:secret@h/a", "no password"),
        ("ssh://h", "no path"),
        ("git://h/a", "its scheme is not supported"),
    ] {
        let error = lab.refusal(url);
        assert_eq!(error.reason(), "invalid-source-url", "{url}: {error}");
        assert!(error.to_string().contains(part), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let error = lab.refusal("git@h:a");
    assert_eq!(error.reason(), "invalid-source-alias", "as BuildStream: {error}");
    assert!(error.hint().unwrap_or_default().contains("ssh://git@h/PATH"), "{:?}", error.hint());
    assert!(lab.ssh.calls().is_empty());
}

#[test]
fn mirrors_are_tried() {
    let lab = SshLab::new();
    let source = lab.with("git_repo", "away:a", &[("ref", &lab.commits[0])]);
    assert_eq!(
        lab.fetch(source).expect("the second mirror has it"),
        lab.expected("git_repo", &lab.commits[0])
    );
    let hosts: Vec<String> = lab
        .ssh
        .calls()
        .iter()
        .filter_map(|call| Some(call.split_once("git@")?.1.split(' ').next()?.to_owned()))
        .collect();
    assert_eq!(hosts, ["denied", "h"]);
}

/// A submodule whose URL is git's short form, and one whose URL counts from that of its repository.
#[test]
fn submodules_are_fetched() {
    let lab = SshLab::new();
    let outer = lab.lab.folder.path().join("outer");
    fs::create_dir(&outer).expect("the folder is new");
    git(&outer, &["init", "--quiet"]);
    for (path, url) in [("short", "git@h:a"), ("relative", "../a")] {
        git(&outer, &["submodule", "--quiet", "add", &lab.folder.display().to_string(), path]);
        git(&outer, &["config", "-f", ".gitmodules", &format!("submodule.{path}.url"), url]);
    }
    git(&outer, &["add", "--all"]);
    git(&outer, &["commit", "--quiet", "-m", "submodules"]);
    let commit = git(&outer, &["rev-parse", "HEAD"]);
    let url = format!("ssh://git@h{}", outer.display());
    let tree = lab.fetch(lab.with("git", &url, &[("ref", &commit)])).expect("all are there");
    for path in ["short/file", "relative/file"] {
        assert!(lab.lab.context.cas.lookup(&tree, path).expect("the store works").is_some(), "{path}");
    }
}

fn is_running(process: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !state.is_empty()
}

/// However a fetch ends, nothing that it started is left, not even a dead process that nobody has taken.
fn nothing_is_left(ssh: &FakeSsh, count: usize) {
    let started = ssh.started();
    assert_eq!(started.len(), count, "{started:?}");
    let until = Instant::now() + Duration::from_secs(5);
    // The grandchild is taken by the machine's first process.
    while started.iter().any(|process| is_running(*process)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let left: Vec<&u32> = started.iter().filter(|process| is_running(**process)).collect();
    assert!(left.is_empty(), "{left:?} of {started:?}");
}

#[test]
fn a_silent_server_is_left_after_some_time() {
    let mut lab = SshLab::new();
    let http = Arc::make_mut(&mut lab.lab.context.http);
    http.read_timeout = Duration::from_millis(200);
    http.connect_timeout = Duration::from_millis(200);
    http.attempts = 2;
    let begin = Instant::now();
    let error = lab.refusal(&lab.url("hangs"));
    assert_eq!(error.reason(), "git-ssh-failed", "{error}");
    assert!(error.to_string().contains("has not answered in time (attempts: 2)"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    nothing_is_left(&lab.ssh, 4);
}

#[test]
fn cancelling_ends_it_at_once() {
    let lab = SshLab::new();
    let cancel = Cancel::new();
    let monitor = FetchMonitor::silent(cancel.clone());
    let source = lab.with("git_repo", &lab.url("hangs"), &[("ref", &lab.commits[0])]);
    let sources = lab.lab.sources(&[source]).expect("it is right");
    let (outcome, elapsed) = std::thread::scope(|scope| {
        let fetch = scope.spawn(|| sources.fetch(&monitor));
        let until = Instant::now() + Duration::from_secs(20);
        while lab.ssh.started().len() < 2 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let begin = Instant::now();
        cancel.cancel();
        (fetch.join().expect("it ends"), begin.elapsed())
    });
    assert_eq!(outcome.expect_err("it was cancelled").reason(), "cancelled");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    nothing_is_left(&lab.ssh, 2);
}

/// Repositories with a quote in their path are found by the shell of the server.
#[test]
fn paths_reach_the_server_as_they_are() {
    let lab = SshLab::new();
    let strange = lab.lab.folder.path().join("it's $HOME!");
    fs::rename(&lab.folder, &strange).expect("it can be renamed");
    let url = "git:it's $HOME!";
    lab.fetch(lab.with("git_repo", url, &[("ref", &lab.commits[0])])).expect("it is found");
    let path: &Path = &strange;
    let url = format!("ssh://git@h{}", path.display()).replace(' ', "%20");
    let lab_two = SshLab::new();
    lab_two.fetch(lab_two.with("git_repo", &url, &[("ref", &lab.commits[0])])).expect("it is found");
}
