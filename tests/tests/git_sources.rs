//! Sources from git repositories: over ssh, as the program finds it, and with BuildStream on the same repositories.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Oracle, Outcome, Project};

const CONF: &str = "name: test\nmin-version: 2.0\nelement-path: elements\nplugins:
- origin: pip
  package-name: buildstream-plugins
  sources: [git]
- origin: pip
  package-name: buildstream-plugins-community
  sources: [git_repo, git_tag]
aliases:
  up: 'UP'
";
const DEADLINE: Duration = Duration::from_secs(60);
/// A program that is called as OpenSSH's, and runs the command here.
const SSH: &str = "#!/bin/sh
while [ $# -gt 2 ]; do shift; done
case $1 in *@closed) echo \"$1: Permission denied (publickey).\" >&2; exit 255 ;; esac
exec sh -c \"$2\"
";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(folder).args([
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@y",
        "-c",
        "init.defaultBranch=main",
    ]);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    Outcome::of(git.args(arguments), DEADLINE).success().trim().to_owned()
}

/// A repository in a project's folder, with attributes and tags.
fn repository(project: &Project) -> PathBuf {
    let folder = project.path().join("repository");
    fs::create_dir(&folder).expect("the folder is new");
    git(&folder, &["init", "--quiet"]);
    let write = |path: &str, bytes: &[u8]| fs::write(folder.join(path), bytes).expect("it can be written");
    write(
        ".gitattributes",
        b"*.bat eol=crlf\n*.id ident\n[attr]wide working-tree-encoding=UTF-16LE\n*.w wide\n",
    );
    write("a.bat", b"a\nb\n");
    write("a.id", b"$Id$\n");
    write("a.w", b"a\0\n\0");
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "-m", "one"]);
    git(&folder, &["tag", "-a", "-m", "x", "v1"]);
    git(&folder, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    git(&folder, &["tag", "v2"]);
    folder
}

/// An element for each kind of git; they have no ref.
fn project(url: impl Fn(&Path) -> String) -> Project {
    let project = Project::of(&[]);
    let up = url(project.path());
    project.write("project.conf", &CONF.replace("UP", &up));
    for (kind, more) in [("git", "  track-tags: true\n"), ("git_repo", ""), ("git_tag", "")] {
        let text =
            format!("kind: import\nsources:\n- kind: {kind}\n  url: up:repository\n  track: main\n{more}");
        project.write(&format!("elements/{kind}.bst"), &text);
    }
    repository(&project);
    project
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries =
        fs::read_dir(folder).expect("it was checked out").map(|entry| entry.expect("it can be read").path());
    let files = entries.filter(|path| path.is_file());
    files
        .map(|path| {
            (
                path.file_name().map(PathBuf::from).unwrap_or_default(),
                fs::read(&path).expect("it can be read"),
            )
        })
        .collect()
}

/// What is tracked and staged is what BuildStream tracks and stages, `git_repo` aside, whose plugin reads no folders.
#[test]
fn tags_and_attributes_are_those_of_buildstream() {
    let (host, oracle) = (Host::new(), Oracle::new());
    let local = |project: &Path| format!("file://{}/", project.display());
    let (ours, theirs) = (project(local), project(local));
    for kind in ["git", "git_tag"] {
        let element = format!("{kind}.bst");
        // Both read the same commits.
        fs::remove_dir_all(theirs.path().join("repository")).expect("it is there");
        let from = ours.path().join("repository").display().to_string();
        git(theirs.path(), &["clone", "--quiet", "--bare", &from, "repository"]);
        let track = ["source", "track", element.as_str()];
        let _ = host.run(&ours, &track).success();
        let _ = oracle.bst(&theirs, &track).success();
        let file = format!("elements/{element}");
        let sorted = |text: String| {
            let mut lines: Vec<String> = text.split("- tag:").map(|part| part.trim().to_owned()).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(ours.read(&file)), sorted(theirs.read(&file)), "{kind}");
        assert!(ours.read(&file).contains("ref: "), "{kind}");
        let _ = host.run(&ours, &["source", "fetch", &element]).success();
        let _ = oracle.bst(&theirs, &["source", "fetch", &element]).success();
        let out = |project: &Project| project.path().join(format!("out-{kind}")).display().to_string();
        let checkout = |out: &str| host.run(&ours, &["source", "checkout", "--directory", out, &element]);
        let _ = checkout(&out(&ours)).success();
        let checkout = ["source", "checkout", "--directory", &out(&theirs), &element];
        let _ = oracle.bst(&theirs, &checkout).success();
        let staged = |project: &Project| files(&Path::new(&out(project)).join(kind));
        assert_eq!(staged(&ours), staged(&theirs), "{kind}");
        assert_eq!(staged(&ours)[Path::new("a.bat")], b"a\r\nb\r\n", "{kind}");
    }
}

/// Runs the program with a folder before all others in its `PATH`, or with a variable.
fn run(host: &Host, project: &Project, variable: (&str, &str), arguments: &[&str]) -> Outcome {
    let mut command = host.command(project);
    command.env(variable.0, variable.1).args(arguments);
    Outcome::of(&mut command, DEADLINE)
}

#[test]
fn repositories_are_reached_over_ssh() {
    let host = Host::new();
    let project = project(|project| format!("git@h:{}/", project.display()));
    let programs = project.path().join("programs");
    fs::create_dir(&programs).expect("the folder is new");
    let ssh = programs.join("ssh");
    fs::write(&ssh, SSH).expect("the folder can be written");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("it is there");
    let paths = std::env::var("PATH").expect("there is one");
    let path = format!("{}:{paths}", programs.display());
    for kind in ["git", "git_repo", "git_tag"] {
        let element = format!("{kind}.bst");
        let _ = run(&host, &project, ("PATH", &path), &["source", "track", &element]).success();
        let _ = run(&host, &project, ("PATH", &path), &["source", "fetch", &element]).success();
        let out = project.path().join(format!("out-{kind}"));
        let checkout = ["source", "checkout", "--directory", &out.display().to_string(), &element];
        let _ = host.run(&project, &checkout).success();
        assert_eq!(files(&out.join(kind))[Path::new("a.bat")], b"a\r\nb\r\n");
    }
    let command = format!("{} -i 'a key'", ssh.display());
    let other = Host::new();
    let _ = run(&other, &project, ("GIT_SSH_COMMAND", &command), &["source", "fetch", "git.bst"]).success();
    project.replace("project.conf", "git@h:", "git@closed:");
    let refused = run(&other, &project, ("PATH", &path), &["source", "track", "git.bst"]);
    refused.refused(1, "git-ssh-failed", &["elements/git.bst:3:3", "Permission denied", "ssh -T git@closed"]);
    let missing = run(&other, &project, ("GIT_SSH", "no-such-ssh"), &["source", "track", "git.bst"]);
    missing.refused(1, "git-no-ssh", &["no-such-ssh", "OpenSSH"]);
}
