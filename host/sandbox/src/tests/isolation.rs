//! Tests of what the command must not see, reach or change.

use super::fixture::{Fixture, shell};
use crate::{SandboxCommand, Subtree, Termination};
use std::os::fd::AsRawFd;

#[test]
fn network_is_a_loopback_that_is_up() {
    let fixture = Fixture::new();
    fixture.check("sed 1,2d /proc/net/dev | cut -d: -f1 | tr -d ' '", "lo\n");
    fixture.check("grep -c -m1 127.0.0.1 /proc/net/fib_trie", "1\n");
    let own = std::fs::read_link("/proc/self/ns/net").expect("namespaces");
    let command = SandboxCommand { network: true, ..shell("readlink /proc/self/ns/net") };
    let outcome = fixture.run(command).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), format!("{}\n", own.display())));
}

#[test]
fn namespaces_are_its_own() {
    let fixture = Fixture::new();
    for name in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        let own = std::fs::read_link(format!("/proc/self/ns/{name}")).expect("namespaces");
        let (_, inside) = fixture.sh(&format!("readlink /proc/self/ns/{name}"));
        assert!(inside.starts_with(name) && inside.trim() != own.to_string_lossy(), "{name}: {inside}");
    }
    fixture.check("cat /proc/sys/kernel/hostname", "buildbox\n");
}

#[test]
fn processes_are_its_own_and_the_first_is_out_of_reach() {
    let fixture = Fixture::new();
    fixture.check("cat /proc/1/comm; echo $$", "spec-sandbox\n2\n");
    // Not even the apparent root can kill the first process.
    fixture.check("kill -KILL 1; cat /proc/1/environ 2>&1 | grep -c denied", "1\n");
}

#[test]
fn only_standard_descriptors_are_open() {
    // Made to be inherited, unlike all that the standard library opens.
    let leak = rustix::io::dup(std::io::stderr()).expect("a descriptor");
    assert!(leak.as_raw_fd() > 2);
    // The fourth is the listing's own.
    Fixture::new().check("exec ls /proc/self/fd", "0\n1\n2\n3\n");
}

#[test]
fn nothing_of_the_host_shows() {
    let fixture = Fixture::new();
    let (_, mounts) = fixture.sh("cat /proc/self/mountinfo");
    assert!(mounts.contains(" / / rw,nosuid,nodev"), "{mounts}");
    assert!(!mounts.contains(fixture.path().to_str().expect("UTF-8")), "{mounts}");
    fixture.check("ls / | grep -vE '^(s?bin|lib(x?32|64)?|usr)$'", "dev\nproc\ntmp\n");
    fixture.check("ls /tmp; ls /dev/shm; cat /proc/self/cgroup | grep -v ':/$'; :", "");
}

#[test]
fn devices_work() {
    let fixture = Fixture::new();
    let listing = "core\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n";
    fixture.check("ls /dev", listing);
    fixture.check("echo x > /dev/null && head -c 3 /dev/zero | od -An -tx1", " 00 00 00\n");
    fixture
        .check("head -c 9 /dev/urandom | wc -c; (echo out > /dev/stdout) | cat; : > /dev/shm/x", "9\nout\n");
    fixture.check("(echo x > /dev/full) 2> /dev/null || echo full", "full\n");
    fixture.check("(echo x > /dev/tty) 2> /dev/null || echo no terminal", "no terminal\n");
}

#[test]
fn kernel_settings_are_read_only() {
    let script =
        "v=$(cat /proc/sys/kernel/panic); (echo $v > /proc/sys/kernel/panic) 2>&1 | grep -c Read-only";
    Fixture::new().check(script, "1\n");
}

#[test]
fn root_is_read_only_with_writable_holes() {
    let mut fixture = Fixture::new();
    fixture.layer(&[("etc/conf", "old"), ("build/src", "old")]);
    fixture.root.directories = vec!["/build".into(), "/buildstream-install".into()];
    let first = "echo x > /etc/conf; echo x > /new";
    assert_eq!(fixture.sh(first).0, Termination::Exited(0));
    fixture.root.read_only = true;
    let tries = "for f in /etc/conf /new /newer /usr/x /build/src /build/o /buildstream-install/o /tmp/o \
                 /dev/shm/o; do (echo y > $f) 2> /dev/null && echo $f; done; cat /etc/conf";
    fixture.check(tries, "/build/src\n/build/o\n/buildstream-install/o\n/tmp/o\n/dev/shm/o\nx\n");
    assert_eq!(fixture.upper(), ["build", "buildstream-install", "etc", "new"]);
}

#[test]
fn subtrees_are_read_only_inside_of_writable_ones_and_the_other_way_round() {
    let mut fixture = Fixture::new();
    fixture.layer(&[("a/f", ""), ("a/b/f", ""), ("a/b/c/f", ""), ("x/f", "")]);
    let subtree = |(path, writable): (&str, bool)| Subtree { path: path.into(), writable };
    let tries = "for d in / /a /a/b /a/b/c /x /dev/shm /tmp; do (echo y > $d/f) 2> /dev/null && echo $d; done; \
                 (echo y > /dev/null) 2> /dev/null && echo null";
    for (subtrees, expected) in [
        (vec![("/a", false), ("/a/b", true), ("/a/b/c", false)], "/\n/a/b\n/x\n/dev/shm\n/tmp\nnull\n"),
        (vec![("/", false), ("/a/b", true), ("/dev", true)], "/a/b\n/a/b/c\n/dev/shm\n/tmp\nnull\n"),
        (vec![("/", true)], "/\n/a\n/a/b\n/a/b/c\n/x\n/dev/shm\n/tmp\nnull\n"),
    ] {
        fixture.root.subtrees = subtrees.into_iter().map(subtree).collect();
        fixture.check(tries, expected);
    }
}

#[test]
fn binds_are_read_only_or_not_and_their_places_vanish() {
    let mut fixture = Fixture::new();
    let shared = fixture.path().join("shared");
    std::fs::create_dir(&shared).expect("a fresh directory");
    std::fs::write(shared.join("file"), "content").expect("a file");
    let _socket = std::os::unix::net::UnixListener::bind(shared.join("socket")).expect("a socket");
    fixture.root.bind(&shared, "/srv/ro", false).bind(&shared, "/srv/rw", true);
    fixture.root.bind(shared.join("socket"), "/run/casd.sock", false).bind(
        shared.join("file"),
        "/file",
        false,
    );
    fixture.check("cat /file /srv/ro/file; test -S /run/casd.sock && echo socket", "contentcontentsocket\n");
    fixture
        .check("(echo x > /srv/ro/new) 2>/dev/null || echo ro; echo x > /srv/rw/new && echo rw", "ro\nrw\n");
    assert!(shared.join("new").exists());
    assert_eq!(fixture.upper(), Vec::<String>::new());
}

#[test]
fn links_do_not_lead_out() {
    let mut fixture = Fixture::new();
    let layer = fixture.layer(&[("real/x", "")]);
    let outside = fixture.path().join("outside");
    std::fs::create_dir(&outside).expect("a fresh directory");
    std::os::unix::fs::symlink(&outside, layer.join("escape")).expect("a fresh link");
    std::os::unix::fs::symlink("../../../../real", layer.join("climb")).expect("a fresh link");
    fixture.root.directories = vec!["/climb/made".into()];
    fixture.check("test -d /real/made && echo inside", "inside\n");
    fixture.root.directories = vec!["/escape/made".into()];
    assert_eq!(
        fixture.run(shell("true")).expect_err("the link leads nowhere").reason(),
        "sandbox-setup-failed"
    );
    assert_eq!(std::fs::read_dir(outside).expect("still there").count(), 0);
}

/// The kernel gives up on a path with `..` in it when something is renamed anywhere meanwhile, and asks for another try.
#[test]
fn places_are_found_while_others_rename_files() {
    let mut fixture = Fixture::new();
    let layer = fixture.layer(&[("real/x", "")]);
    std::os::unix::fs::symlink("../../../../real", layer.join("climb")).expect("a fresh link");
    fixture.root.directories = vec!["/climb/made".into()];
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let (one, other) = (elsewhere.path().join("one"), elsewhere.path().join("other"));
    std::fs::create_dir(&one).expect("a fresh directory");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                std::fs::rename(&one, &other).and_then(|()| std::fs::rename(&other, &one)).expect("ours");
            }
        });
        let all: Vec<_> = (0..200).map(|_| fixture.run(shell("test -d /real/made && echo inside"))).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for outcome in all {
            assert_eq!(outcome.expect("the sandbox works").1, "inside\n");
        }
    });
}
