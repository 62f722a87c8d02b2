//! A cache on a disk that cannot be written any more can still be read and cleaned.

use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project};

const IMPORT: &str = "kind: import\nsources:\n- kind: local\n  path: files/NAME\n";
const STACK: &str = "kind: stack\ndepends: [old.bst, new.bst]\n";

/// Elements with a file of 300 kB each, and one that depends on both.
fn project() -> Project {
    let project = Project::of(&[("elements/all.bst", STACK)]);
    for name in ["old", "new"] {
        project.write(&format!("elements/{name}.bst"), &IMPORT.replace("NAME", name));
        project.write(&format!("files/{name}/{name}.txt"), &format!("{name}\n").repeat(75_000));
    }
    project
}

/// Runs a script in a new mount namespace, where a small file system, mounted with these options, is the cache: `host
/// ARGUMENTS...` is the program on the project, `cache` the cache's folder, and `out` a folder elsewhere.
fn on_small_disk(options: &str, script: &str) -> Outcome {
    let (host, project) = (Host::new(), project());
    std::fs::create_dir_all(host.cache()).expect("a temporary folder");
    let (command, cache) = (host.command(&project), host.cache());
    let helpers = "set -u; cache=$0; out=$1; shift; project=$1; shift; program=\"$@\"
        host() { $program \"$@\"; }
        must() { host \"$@\" || { echo \"FAILED with $?: $*\"; exit 1; }; }
        old() { find \"$cache\" -exec touch -h -d '2 days ago' {} +; }";
    let script = format!("mount -t tmpfs -o {options} tmpfs \"$0\" || exit 77\n{helpers}\n{script}");
    let mut inside = Command::new("unshare");
    inside.args(["--user", "--map-root-user", "--mount", "bash", "-c", &script]).arg(cache);
    inside.arg(project.path().join("out")).arg(project.path());
    inside.arg(command.get_program()).args(command.get_args());
    Outcome::of(&mut inside, Duration::from_secs(300))
}

const FILL: &str =
    "dd if=/dev/zero of=$cache/other bs=64k 2>/dev/null; dd if=/dev/zero of=$cache/rest bs=1 2>/dev/null";
const FILL_INODES: &str =
    "mkdir $cache/other; n=0; while : > $cache/other/$n; do n=$((n+1)); done 2>/dev/null";
const READ: &str = "must show all.bst; must artifact show all.bst; must artifact log all.bst > /dev/null
    must artifact list-contents all.bst; must artifact checkout all.bst --directory $out
    must artifact checkout old.bst --tar $out/a.tar; test -s $out/old.txt || exit 2";

#[test]
fn a_full_disk_is_read_and_emptied() {
    for (options, fill) in [("size=6m", FILL), ("size=60m,nr_inodes=700", FILL_INODES)] {
        let script = format!(
            "must build all.bst
            {fill}
            must cache usage
            {READ}
            old
            must cache clean --to 10K
            must cache usage
            must show --deps none --format '%{{name}} %{{state}}' old.bst
            must build old.bst"
        );
        let done = on_small_disk(options, &script);
        let text = done.success();
        assert!(text.contains("old.bst buildable"), "{options}: {text}\n{}", done.stderr);
    }
}

#[test]
fn a_full_disk_is_told_with_what_makes_room() {
    let done = on_small_disk("size=6m", &format!("must build old.bst; {FILL}; host build all.bst"));
    let text = done.failure();
    assert!(text.contains("no space left") && text.contains("spec-host cache clean"), "{text}");
    assert!(!text.contains("new.txt"), "the file that was read has nothing to do with it:\n{text}");
}

#[test]
fn a_disk_that_may_not_be_written_is_read() {
    let script = format!("must build all.bst; mount -o remount,bind,ro $cache || exit 77\n{READ}");
    let _ = on_small_disk("size=30m", &script).success();
}
