//! The archive on a machine without Rust.

use std::process::Command;

use spec_testkit::engines::EngineRoot;
use tempfile::TempDir;

use super::*;

/// What a new user does on a Debian machine that has no Rust.
const INSTALL: &str = "
set -e
! command -v cargo
mkdir /mnt/usr && tar -C /mnt/usr --strip-components=1 -xzf /mnt/*.tar.gz
export PATH=/mnt/usr/bin:$PATH HOME=/mnt XDG_CACHE_HOME=/mnt/cache
mkdir /mnt/project && cd /mnt/project
spec-host init --project-name test > /mnt/init.log
mkdir -p files elements && echo text > files/a
printf 'kind: import\\nsources:\\n- {kind: local, path: files}\\n' > elements/a.bst
spec-host show a.bst
";

#[test]
fn a_machine_without_rust_installs_from_the_archive() {
    let paths = Paths::find().expect("this is a checkout");
    let scratch = TempDir::new().expect("a folder");
    // The tests of the program were compiled with it.
    let host = paths.release().join("spec-host");
    let archive = make(&host, &paths.root, scratch.path()).expect("the archive is made");
    let list = Command::new("tar").arg("-tzf").arg(&archive).output().expect("tar is there");
    let list = String::from_utf8(list.stdout).expect("names are text");
    for end in [
        "/bin/spec-host",
        "/share/man/man1/spec-host.1",
        "/share/man/man1/spec-host-artifact-checkout.1",
        "/share/bash-completion/completions/spec-host",
        "/share/doc/spec-host/LICENSE",
        "/share/doc/spec-host/third-party-licences.md",
    ] {
        assert!(list.lines().any(|line| line.ends_with(end)), "{end} is not in\n{list}");
    }
    let mut shell = EngineRoot::base().command(scratch.path(), "sh");
    let outcome = shell.args(["-c", INSTALL]).output().expect("it can be started");
    let (printed, errors) =
        (String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
    assert!(outcome.status.success() && printed.contains("a.bst"), "{printed}\n{errors}");
}

#[test]
fn licences_of_crates_and_of_what_these_bring_are_there() {
    let paths = Paths::find().expect("this is a checkout");
    let page = licences::of_linked(&paths.root).expect("all crates tell their licences");
    for text in
        ["| wasmtime |", "| libgit2-sys |", "| zstd-sys |", "GNU GENERAL PUBLIC LICENSE", "Apache License"]
    {
        assert!(page.contains(text), "{text}");
    }
    for other in ["| proptest |", "| serde_derive |", "| spec-cas |"] {
        assert!(!page.contains(other), "{other} is not linked, or is ours");
    }
}
