//! What builds on a real base can and cannot do in the sandbox.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spec_testkit::{Host, Project, wait_for};

/// An element that runs these commands on the Debian base.
fn element(sandbox: &str, commands: &[&str]) -> String {
    let commands: String =
        commands.iter().map(|command| format!("  - {}\n", Value::from(*command))).collect();
    format!("kind: manual\nbuild-depends: [debian.bst]\n{sandbox}config:\n  build-commands:\n{commands}")
}

/// Commands that builds of packages run, and their output.
const TOOLS: &[&str] = &[
    "mkdir /tmp/w && cd /tmp/w && for n in 1 2 3 4 5 6 7 8; do echo \"int f$n(void) { return $n; }\" > f$n.c; done",
    "cd /tmp/w && printf 'int f8(void);\\nint main(void) { return f8() - 8; }\\n' > main.c",
    "cd /tmp/w && printf 'app: main.o f1.o f2.o f3.o f4.o f5.o f6.o f7.o f8.o\\n\\tgcc -o app $^\\n' > Makefile",
    "cd /tmp/w && make -j8 && ./app",
    "cd /tmp/w && ar rc libf.a f*.o && strip -g libf.a && ld -r -o all.o f1.o f2.o",
    "cd /tmp/w && printf '#include <thread>\\n#include <cstdio>\\nint main() { int s = 0; std::thread t([&] { s = 7; }); \
     t.join(); std::printf(\"%%d\\\\n\", s); }\\n' > t.cc && g++ -O1 -o t t.cc && test $(./t) = 7",
    "perl -e 'my $p = fork; if (!$p) { exit 3 } waitpid $p, 0; exit(($? >> 8) != 3)'",
    "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\") or die; \
     IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport) or die'",
    "perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die'",
    "perl -e 'open my $t, \"+<\", \"/dev/ptmx\" or die \"no pseudo terminal: $!\"'",
    "(echo out > /dev/stdout; echo err > /dev/stderr; echo fd > /dev/fd/2) | cat",
    "mkfifo /tmp/w/pipe && (echo through > /tmp/w/pipe &) && test \"$(cat /tmp/w/pipe)\" = through",
    "head -c 8 /dev/urandom | od > /dev/null && ! echo x > /dev/full",
    "test $(nproc) -ge 1 && test -n \"$(cat /proc/meminfo)\" && sleep 0.01 && nice -n 5 true && timeout 5 true",
    "setarch $(uname -m) true && linux32 true; tar -C /tmp -cf - w | tar -tf - > /dev/null && touch -d @1 /tmp/w/main.c",
    "sh -c 'kill -9 $$' || test $? = 137",
];

#[test]
fn tools_of_builds_go_on_working() {
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/tools.bst", &element("", TOOLS))]));
    let _ = host.run(&project, &["build", "tools.bst"]).success();
}

/// Commands that must fail, each with its error message.
const REFUSED: &[(&str, &str)] = &[
    ("unshare -U true", "Operation not permitted"),
    ("unshare -Ur true", "Operation not permitted"),
    ("bwrap --bind / / true", "creat.* new namespace"),
    ("bwrap --unshare-user --bind / / true", "creat.* new namespace"),
    ("mount -t tmpfs none /mnt", "permission denied|must be superuser"),
    ("setpriv --reuid 1 true", "Invalid argument"),
    ("dmesg", "Operation not permitted"),
    ("mknod /tmp/disk b 254 0", "Operation not permitted"),
    ("chroot / true", "Operation not permitted"),
    ("hostname other", "must be root"),
    ("chown 1:1 /tmp/said", "Invalid argument"),
];

#[test]
fn what_builds_may_not_is_refused() {
    let commands: Vec<String> = REFUSED
        .iter()
        .map(|(command, says)| {
            format!("! {command} 2> /tmp/said && (cat /tmp/said; grep -qiE '{says}' /tmp/said)")
        })
        .collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    for sandbox in ["", "sandbox: {build-uid: 1000, build-gid: 1000}\n"] {
        let project = Project::on_base(&[("elements/refused.bst", &element(sandbox, &commands))]);
        let built = Host::shared().run(&project, &["build", "refused.bst"]);
        let _ = built.success();
    }
}

#[test]
fn the_user_opens_namespaces_to_a_project() {
    let host = Host::shared();
    let sandbox = "sandbox: {build-uid: 1000, build-gid: 1000}\n";
    let text = element(sandbox, &["bwrap --unshare-user --bind / / --unshare-pid true", "unshare -Ur true"]);
    let project = Project::on_base(&[("elements/nested.bst", &text)]);
    host.run(&project, &["build", "nested.bst"]).refused(1, "command-failed", &["new namespace"]);
    host.configure("projects:\n  hello:\n    sandbox:\n      allow-user-namespaces: True\n");
    let _ = host.run(&project, &["build", "--retry-failed", "nested.bst"]).success();
}

#[test]
fn a_log_is_what_was_printed_and_nothing_that_can_be_run() {
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    let spoil = "cp /proc/self/exe /dev/null; chmod 6777 /proc/self/fd/1 /proc/self/fd/2; : > /proc/self/fd/1; \
                 perl -e 'truncate STDOUT, 0; seek STDOUT, 0, 0; print \"three\\n\"'; echo four >&2";
    project.write("elements/log.bst", &element("", &["echo one; echo two >&2", spoil]));
    let _ = host.run(&project, &["build", "log.bst"]).success();
    let text = host.run(&project, &["artifact", "log", "log.bst"]).success().to_owned();
    let said: Vec<&str> =
        text.lines().filter(|line| ["one", "two", "three", "four"].contains(line)).collect();
    assert_eq!(said, ["one", "two", "three", "four"], "{text}");
    let mut open = vec![host.logs()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let meta = entry.metadata().expect("it is there");
            if meta.is_dir() {
                open.push(entry.path());
            } else {
                assert_eq!(meta.permissions().mode() & 0o7133, 0, "{:?}", entry.path());
            }
        }
    }
}

#[test]
fn files_of_the_host_stay_where_a_build_moves_a_mount_point() {
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    let victim = project.path().join("of the host");
    fs::DirBuilder::new().recursive(true).mode(0o755).create(victim.join("empty")).expect("a fresh folder");
    fs::write(victim.join("socket"), "").expect("a file");
    let path = victim.display();
    let sandbox = "sandbox: {remote-apis-socket: {path: /x/socket}}\n";
    let commands = [format!("mv /x /y && ln -s '{path}' /x"), "test -L /x".to_owned()];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    project.write("elements/moved.bst", &element(sandbox, &commands));
    let built = host.run(&project, &["build", "moved.bst"]);
    assert!(victim.join("socket").exists() && victim.join("empty").exists(), "{built:?}");
}

#[test]
fn what_a_build_is_about_to_make_is_closed_to_others() {
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    let command = "mkdir -p %{install-root} && cp /bin/sh %{install-root}/root-shell && chmod 6755 %{install-root}/root-shell && echo made && sleep 20";
    project.write("elements/shell.bst", &element("", &[command]));
    let mut build = host.command(&project).args(["build", "shell.bst"]).spawn().expect("it starts");
    let found = || find(&host.cache(), "root-shell");
    wait_for("the set-uid program", || found().is_some());
    let program = found().expect("it was there");
    // As another user if the tests run as root; otherwise the modes of the folders from the cache on are checked.
    if fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0) {
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(["-c", "true"]);
        let ran = other.output().expect("setpriv is installed");
        assert!(!ran.status.success(), "{}", program.display());
    }
    let closed = program
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != host.cache())
        .any(|folder| fs::metadata(folder).expect("a folder").permissions().mode() & 0o077 == 0);
    assert!(closed, "{}", program.display());
    build.kill().expect("it is ours");
    build.wait().expect("it is ours");
}

/// A file of that name below a folder.
fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|found| found == name) {
            return Some(path);
        }
        let is_checkout = path.ends_with("cas/objects") || path.ends_with("checkouts");
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && !is_checkout
            && let Some(found) = find(&path, name)
        {
            return Some(found);
        }
    }
    None
}
