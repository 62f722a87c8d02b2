//! `cas push` and `cas pull` with `serve` at the other end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project, Service, signal, wait_for};

const DEADLINE: Duration = Duration::from_secs(60);

/// A server that is stopped at the end of the test.
struct Served {
    _service: Service,
    /// Its cache is the server's.
    _host: Host,
    folder: tempfile::TempDir,
}

impl Served {
    fn start() -> Served {
        let host = Host::new();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = host.command_in(folder.path());
        command.args(["serve", "--workers", "0", "--listen"]).arg(url(folder.path()));
        let service = Service::run(&mut command);
        let _ = service.address();
        Served { _service: service, _host: host, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn url(folder: &Path) -> String {
    format!("unix:{}", folder.join("socket").display())
}

/// A command of another user of the server, with a cache of its own.
fn cas(client: &Host, served: &Served, arguments: &[&str]) -> Outcome {
    let mut command = client.command_in(served.path());
    command.arg("cas").args(arguments).arg("--remote").arg(url(served.path()));
    Outcome::of(command.current_dir(served.path()), DEADLINE)
}

/// A folder with every kind of entry, and a file that is too large for a batch.
fn fill(folder: &Path) {
    fs::create_dir_all(folder.join("a/empty")).expect("a folder");
    fs::write(folder.join("a/same"), "same").expect("a file");
    fs::write(folder.join("run"), "same").expect("a file");
    fs::set_permissions(folder.join("run"), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::write(folder.join("nothing"), "").expect("a file");
    let large: Vec<u8> = (0..9_000_000u32).map(|n| (n % 253) as u8).collect();
    for name in ["large", "a/large"] {
        fs::write(folder.join(name), &large).expect("a file");
    }
    symlink("a/same", folder.join("link")).expect("a link");
}

#[test]
fn a_folder_goes_to_a_server_and_comes_back() {
    let (served, client) = (Served::start(), Host::new());
    let here = served.path().join("here");
    fill(&here);
    let digest = cas(&client, &served, &["push", "here"]).success().trim().to_owned();
    assert_eq!(cas(&client, &served, &["push", "here"]).success().trim(), digest, "again");
    let _ = cas(&client, &served, &["pull", &digest, "there"]).success();
    let there = served.path().join("there");
    for name in ["a/same", "run", "nothing", "large", "a/large"] {
        assert_eq!(fs::read(there.join(name)).ok(), fs::read(here.join(name)).ok(), "{name}");
    }
    let mode = |name| fs::metadata(there.join(name)).map(|meta| meta.permissions().mode() & 0o777);
    assert_eq!([mode("run").ok(), mode("a/same").ok()], [Some(0o755), Some(0o644)]);
    assert_eq!(fs::read_link(there.join("link")).ok(), Some("a/same".into()));
    assert!(there.join("a/empty").is_dir());
    let hidden = |entry: std::io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(".spec-host"))
    };
    assert!(!fs::read_dir(served.path()).expect("a folder").any(hidden), "nothing else is left");
    assert_eq!(cas(&client, &served, &["push", "there"]).success().trim(), digest, "the same tree");
}

#[test]
fn a_tree_comes_into_the_cache_and_goes_to_another_server() {
    let (first, second, client) = (Served::start(), Served::start(), Host::new());
    fill(&first.path().join("here"));
    let digest = cas(&client, &first, &["push", "here"]).success().trim().to_owned();
    cas(&client, &first, &["push", &digest]).refused(1, "cas-missing", &[]);
    let _ = cas(&client, &first, &["pull", &digest]).success();
    assert_eq!(cas(&client, &second, &["push", &digest]).success().trim(), digest);
    let _ = cas(&client, &second, &["pull", &digest, "there"]).success();
    assert!(second.path().join("there/a/large").is_file());
}

#[test]
fn refusals_say_whose_fault_it_is() {
    let (served, client) = (Served::start(), Host::new());
    fs::create_dir(served.path().join("full")).expect("a folder");
    fs::write(served.path().join("full/file"), "").expect("a file");
    let digest = format!("{}/7", "ab".repeat(32));
    cas(&client, &served, &["pull", &digest, "there"]).refused(1, "remote-missing", &[&digest]);
    assert!(!served.path().join("there").exists());
    cas(&client, &served, &["pull", &digest, "full"]).refused(1, "checkout-directory-not-empty", &["full"]);
    cas(&client, &served, &["push", "full", "--instance", "other"]).refused(1, "remote-refused", &["other"]);
    let elsewhere = |url: &str| {
        let mut command = client.command_in(served.path());
        command.args(["cas", "push", "full", "--remote", url]).current_dir(served.path());
        Outcome::of(&mut command, DEADLINE)
    };
    elsewhere("unix:/nowhere").refused(1, "remote-unreachable", &["unix:/nowhere"]);
    elsewhere("nowhere:80").refused(2, "remote-bad-address", &["nowhere:80"]);
}

/// Names in a folder, hidden ones among them.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// More files than are written in a moment.
fn fill_with_many(folder: &Path) {
    for number in 0..200 {
        let inner = folder.join(number.to_string());
        fs::create_dir_all(&inner).expect("a folder");
        (0..200).for_each(|number| fs::write(inner.join(number.to_string()), "same").expect("a file"));
    }
}

#[test]
fn a_tree_over_the_limits_is_refused_and_leaves_nothing() {
    let (served, client) = (Served::start(), Host::new());
    fill(&served.path().join("here"));
    let digest = cas(&client, &served, &["push", "here"]).success().trim().to_owned();
    let before = names(served.path());
    for limit in ["tree-entries: 5", "tree-size: 8M", "tree-depth: 1"] {
        client.configure(&format!("limits:\n  {limit}\n"));
        cas(&client, &served, &["pull", &digest, "there"]).refused(1, "tree-too-large", &[]);
        assert_eq!(names(served.path()), before, "{limit}");
    }
}

#[test]
fn a_signal_ends_a_pull_and_a_checkout_which_leave_nothing() {
    let (served, client) = (Served::start(), Host::new());
    fill_with_many(&served.path().join("here"));
    let digest = cas(&client, &served, &["push", "here"]).success().trim().to_owned();
    let project =
        Project::of(&[("elements/many.bst", "kind: import\nsources:\n- {kind: local, path: many}\n")]);
    fill_with_many(&project.path().join("many"));
    let _ = client.run(&project, &["build", "many.bst"]).success();
    let (url, target) = (url(served.path()), tempfile::tempdir().expect("a temporary folder"));
    let there = target.path().join("there").display().to_string();
    let commands: [&[&str]; 2] = [
        &["cas", "pull", &digest, &there, "--remote", &url],
        &["artifact", "checkout", "many.bst", "--directory", &there],
    ];
    for arguments in commands {
        let mut command = client.command(&project);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary can be started");
        wait_for("it to write", || !names(target.path()).is_empty());
        signal(child.id(), "TERM");
        let status = child.wait().expect("our own child can be waited for");
        assert_eq!((status.code(), names(target.path())), (Some(130), Vec::new()), "{arguments:?}");
    }
}
