//! Attempts to get out, each a small program that runs in the real sandbox, as root and as an ordinary user.

use super::fixture::{Fixture, shell};
use crate::{InputSource, OutputTarget, SandboxCommand, Termination, run};
use std::path::Path;
use std::process::Command as Process;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Attempts of `escape.c`, with an argument after a space if it needs one, and the kernel's answers.
const ATTEMPTS: &[(&str, &str)] = &[
    // Keys of the host's user.
    ("keyctl", "EPERM"),
    ("add-key", "EPERM"),
    ("request-key", "EPERM"),
    // Namespaces, and mounts within them.
    ("unshare-user", "EPERM"),
    ("unshare-cgroup", "EPERM"),
    ("clone-user", "EPERM"),
    ("clone3", "ENOSYS"),
    ("setns", "EPERM"),
    ("mount-cgroup", "EPERM"),
    ("remount", "EPERM"),
    ("umount", "EPERM"),
    ("fsopen", "EPERM"),
    ("open-tree", "EPERM"),
    ("move-mount", "EPERM"),
    ("mount-setattr", "EPERM"),
    ("pivot-root", "EPERM"),
    ("chroot", "EPERM"),
    ("sethostname", "EPERM"),
    // Parts of the kernel that builds have no use for.
    ("io-uring", "ENOSYS"),
    ("perf", "EPERM"),
    ("bpf", "EPERM"),
    ("userfaultfd", "EPERM"),
    ("fanotify", "EPERM"),
    ("syslog", "EPERM"),
    ("unknown-call", "ENOSYS"),
    ("personality 0x40000", "EPERM"),
    // Sockets that no network namespace confines.
    ("socket 40", "EPERM"),
    ("socket 38", "EPERM"),
    ("datagram 17", "EPERM"),
    ("datagram 29", "EPERM"),
    ("netlink 9", "EPERM"),
    ("netlink 15", "EPERM"),
    // The machine.
    ("reboot", "EPERM"),
    ("kexec", "EPERM"),
    ("init-module", "EPERM"),
    ("finit-module", "EPERM"),
    ("delete-module", "EPERM"),
    ("swapon", "EPERM"),
    ("acct", "EPERM"),
    ("quota", "EPERM"),
    ("settimeofday", "EPERM"),
    ("clock-settime", "EPERM"),
    // Files of the host by number, devices, attributes.
    ("name-to-handle", "EPERM"),
    ("open-by-handle", "EPERM"),
    ("disk", "EPERM"),
    ("memory-device", "EPERM"),
    ("immutable", "EPERM"),
    // Privileges that were given up.
    ("capset", "EPERM"),
    ("raise-limit", "EPERM"),
    ("priority", "EACCES"),
    // The first process, which has capabilities.
    ("trace-first", "EPERM"),
    ("seize-first", "EPERM"),
    ("memory-of-first", "EPERM"),
    ("open /proc/1/root", "EACCES"),
    ("open /proc/1/cwd", "EACCES"),
    ("open /proc/1/exe", "EACCES"),
    ("open /proc/1/mem", "EACCES"),
    ("open /proc/1/ns/mnt", "EACCES"),
    ("open /proc/1/environ", "EACCES"),
    // Settings of the host's kernel.
    ("chmod /proc/sys/kernel/core_pattern", "EROFS"),
    ("chmod /proc/irq", "EROFS"),
    ("chmod /proc/keys", "EROFS"),
    // The terminal's user.
    ("tiocsti", "EPERM"),
    ("tioclinux", "EPERM"),
    // Nobody listens here.
    ("loopback 22", "ECONNREFUSED"),
    // Calls that builds need.
    ("clone-usual", "done"),
    ("unshare-files", "done"),
    ("trace-child", "done"),
    ("fifo", "done"),
    ("socket 1", "done"),
    ("socket 2", "done"),
    ("netlink 0", "done"),
    ("personality 0xffffffff", "done"),
    ("personality 8", "done"),
];

#[cfg(target_arch = "x86_64")]
const OTHER_INTERFACES: &[(&str, &str)] = &[
    ("keyctl-32", "EPERM"),
    ("socketcall-32", "EPERM"),
    ("unshare-32", "EPERM"),
    ("getpid-32", "done"),
    ("getpid-x32", "ENOSYS"),
];
#[cfg(not(target_arch = "x86_64"))]
const OTHER_INTERFACES: &[(&str, &str)] = &[];

/// With user namespaces permitted: they work, the rest stays closed.
const WITH_NAMESPACES: &[(&str, &str)] = &[
    ("unshare-user", "done"),
    ("clone-user", "done"),
    ("clone3", "EINVAL"),
    ("keyctl", "EPERM"),
    ("bpf", "EPERM"),
    ("io-uring", "ENOSYS"),
    ("socket 40", "EPERM"),
    ("trace-first", "EPERM"),
    ("open /proc/1/root", "EACCES"),
];

/// The compiled `escape.c`.
pub(super) fn program() -> &'static Path {
    static PROGRAM: OnceLock<(TempDir, std::path::PathBuf)> = OnceLock::new();
    let compile = || {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (source, program) = (folder.path().join("escape.c"), folder.path().join("escape"));
        std::fs::write(&source, include_str!("escape.c")).expect("a file");
        let gcc = Process::new("gcc").args(["-O1", "-o"]).args([&program, &source]).output();
        let gcc = gcc.expect("gcc is installed");
        assert!(gcc.status.success(), "{}", String::from_utf8_lossy(&gcc.stderr));
        (folder, program)
    };
    &PROGRAM.get_or_init(compile).1
}

pub(super) fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.root.bind(program(), "/escape", false);
    fixture
}

#[track_caller]
fn check(table: &[(&str, &str)], command: &dyn Fn(&str) -> SandboxCommand) {
    let script: String = table.iter().map(|(attempt, _)| format!("/escape {attempt}\n")).collect();
    let (termination, text) = fixture().run(command(&script)).expect("runs");
    let lines = text.lines().chain(std::iter::repeat("nothing"));
    let got: Vec<_> = table.iter().map(|(attempt, _)| *attempt).zip(lines).collect();
    assert_eq!(got, table, "{text}");
    assert_eq!(termination, Termination::Exited(0));
}

#[test]
fn what_the_kernel_answers() {
    for uid in [0, 1000] {
        let command = |script: &str| SandboxCommand { uid, ..shell(script) };
        check(ATTEMPTS, &command);
        check(OTHER_INTERFACES, &command);
        check(WITH_NAMESPACES, &|script| SandboxCommand { user_namespaces: true, ..command(script) });
    }
}

/// A script, and what it prints.
const SCRIPTS: &[(&str, &str, &str)] = &[
    ("keys", "cat /proc/keys /proc/key-users", ""),
    ("state of the machine", "cat /proc/timer_list /proc/slabinfo /proc/vmallocinfo /proc/kpageflags", ""),
    ("memory of the machine", "test -s /proc/kcore || echo none", "none\n"),
    ("magic keys", "cd /proc; ! test -e sysrq-trigger || stat -c %t:%T sysrq-trigger | grep -v ^1:3$", ""),
    ("descriptors of the host", "ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 "),
    (
        "files of the first process",
        "ls /proc/1/fd /proc/1/map_files /proc/1/task/1/fd 2>/dev/null | grep -c '[0-9]$'",
        "0\n",
    ),
    (
        "control groups",
        "ls /sys/fs/cgroup 2>&1 | grep -c 'No such'; cut -d: -f3 /proc/self/cgroup | sort -u",
        "1\n/\n",
    ),
    (
        "signals to everybody",
        "trap '' TERM; kill -TERM -1 2>/dev/null; echo alive; set -- /proc/[0-9]*; echo $#",
        "alive\n2\n",
    ),
    ("a first process that is killed", "kill -9 1; echo alive", "alive\n"),
    (
        "a set-uid program",
        "cp /usr/bin/id /tmp/id; chmod 6755 /tmp/id; grep -c ' /tmp .*nosuid' /proc/mounts",
        "1\n",
    ),
    (
        "mounts of the host",
        "cut -d' ' -f5 /proc/self/mountinfo | grep -vE '^/(dev|proc|tmp|usr|escape|s?bin|lib.*)?(/.*)?$'",
        "",
    ),
    ("a terminal", "(: < /dev/tty) 2>/dev/null || echo none; ls /dev/pts", "none\nptmx\n"),
    ("core dumps", "cd /tmp; /escape crash; ls", "Segmentation fault\n"),
    (
        "processes of the host",
        "cat /proc/[0-9]*/comm 2>/dev/null | grep -cvE '^(cat|sh|grep|spec-sandbox)$'",
        "0\n",
    ),
];

#[test]
fn what_scripts_see() {
    for (name, script, expect) in SCRIPTS {
        let (_, text) = fixture().sh(script);
        assert_eq!(
            text.replace("(core dumped)", "").trim_end_matches(' '),
            expect.trim_end_matches(' '),
            "{name}: {script}"
        );
    }
}

/// Not a test: the host on a terminal.
#[test]
#[ignore = "started by another test"]
fn host_with_faked_input() {
    let (stdout, stderr) = (OutputTarget::Inherit, OutputTarget::Inherit);
    let command = SandboxCommand { stdin: InputSource::Terminal, stdout, stderr, ..shell("/escape tiocsti") };
    assert_eq!(run(&fixture().root, &command).expect("runs").termination, Termination::Exited(0));
}

#[test]
fn a_terminal_gets_no_faked_input() {
    let text = super::terminal::on_a_terminal("tests::escapes::host_with_faked_input");
    assert!(text.contains("EPERM"), "{text}");
}
