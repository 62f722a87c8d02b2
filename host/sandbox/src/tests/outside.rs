//! Tests of what commands must not change outside: files, devices and mounts of the host, and the output that it
//! keeps.

use super::escapes::fixture;
use super::fixture::{Fixture, marked, marker, shell};
use crate::{OutputPipe, OutputTarget, SandboxCommand, Termination, spawn};
use std::fs::{self, File};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::process::Command as Process;

/// Everything below a folder: path, mode, content.
fn listing(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let meta = fs::symlink_metadata(&path).expect("it is there");
            let content = if meta.is_file() { fs::read(&path).expect("a file") } else { Vec::new() };
            found.push((path.display().to_string(), meta.mode(), content));
            if meta.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Scripts that change the mount points made for them, where `HOST` is a folder of the host, and the entries of the
/// upper directory afterwards.
const REPLACED: &[(&str, &str, &[&str])] = &[
    ("a link to the host", "mv /x /y; ln -s HOST /x", &["x", "y"]),
    ("a link that climbs", "mv /x /y; ln -s ../../../../../../../../../../../../HOST /x", &["x", "y"]),
    (
        "a folder of the same name",
        "mv /x /y; mkdir -p /x/deep; : > /x/deep/socket; : > /x/deep/kept",
        &["x", "y"],
    ),
    ("a link in its middle", "mv /x/deep /moved; ln -s HOST/deep /x/deep", &["moved", "x"]),
    ("a chain of links", "mv /x /y; ln -s z /x; ln -s HOST /z", &["x", "y", "z"]),
    ("nothing at all", "true", &[]),
    ("nothing that can be removed", "rm -rf /x; mv /x/deep/socket /else; true", &[]),
    ("a time-out meanwhile", "mv /x /y; ln -s HOST /x; sleep 60", &["x", "y"]),
    ("a command that is killed", "mv /x /y; ln -s HOST /x; kill -9 $$", &["x", "y"]),
];

#[test]
fn mount_points_are_removed_where_they_are() {
    for (name, script, left) in REPLACED {
        let mut fixture = Fixture::new();
        let host = fixture.path().join("host");
        for folder in ["deep/folder", "deep/socket2"] {
            fs::create_dir_all(host.join(folder)).expect("a fresh folder");
        }
        fs::write(host.join("deep/socket"), "of the host").expect("a file");
        let source = fixture.path().join("socket");
        fs::write(&source, "").expect("a file");
        fixture.root.bind(&source, "/x/deep/socket", false);
        fixture.root.bind(fixture.path().join("base"), "/x/deep/folder", false);
        let before = listing(&host);
        let script = script.replace("HOST", host.to_str().expect("UTF-8"));
        let timeout = Some(std::time::Duration::from_secs(2));
        fixture.run(SandboxCommand { timeout, ..shell(&script) }).expect("runs");
        assert_eq!(listing(&host), before, "{name}");
        assert_eq!(fixture.upper(), *left, "{name}");
    }
}

#[test]
fn what_the_command_put_in_the_place_of_a_mount_point_is_its_own() {
    let mut fixture = Fixture::new();
    let source = fixture.path().join("socket");
    fs::write(&source, "").expect("a file");
    fixture.root.bind(&source, "/x/socket", false);
    fixture.check("mv /x /y; mkdir -p /x; : > /x/socket; mkdir /y/mine", "");
    let names = |folder: &str| {
        listing(&fixture.root.upper.join(folder)).into_iter().map(|(path, ..)| path).collect::<Vec<_>>()
    };
    let upper = fixture.root.upper.display();
    assert_eq!(names("x"), [format!("{upper}/x/socket")]);
    assert_eq!(names("y"), [format!("{upper}/y/mine")]);
}

/// Mode, owner, and whether it has the time that attempts set. Times as such are not compared, because other
/// processes may use devices.
fn facts(path: &Path) -> (u32, u32, bool) {
    let meta = fs::metadata(path).expect("it is there");
    (meta.mode(), meta.uid(), meta.mtime() == 1)
}

#[test]
fn devices_of_the_host_stay_as_they_are() {
    let devices =
        ["null", "zero", "full", "random", "urandom", "tty"].map(|name| Path::new("/dev").join(name));
    let before = devices.each_ref().map(|path| facts(path));
    let spoil: String = devices
        .iter()
        .map(|path| path.display())
        .map(|path| format!("/escape chmod {path}; /escape utimes {path}; chown 1 {path}; echo x > {path}\n"))
        .collect();
    let spoil = format!("{spoil} /escape spoil-streams; exec < /dev/null; /escape spoil-streams");
    for uid in [0, 1000] {
        // All three streams are null: the command must not get the host's node.
        let command = SandboxCommand { uid, ..shell(&spoil) };
        spawn(&fixture().root, &command).expect("starts").wait().expect("runs");
        fixture().run(SandboxCommand { uid, ..shell(&spoil) }).expect("runs");
    }
    assert_eq!(devices.each_ref().map(|path| facts(path)), before);
}

#[test]
fn devices_are_of_the_sandbox_where_that_is_possible() {
    let outside = fs::metadata("/dev/null").expect("a device").ino();
    let (_, inside) = Fixture::new().sh("stat -c '%i %F %t:%T' /dev/null");
    let (inode, rest) = inside.trim().split_once(' ').expect("two words");
    assert_eq!(rest, "character special file 1:3");
    let own = inode != outside.to_string();
    assert!(own || !rustix::process::geteuid().is_root(), "{inside}");
}

#[test]
fn what_the_host_keeps_of_the_output_is_out_of_reach() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("log");
    let log = File::options().append(true).create_new(true).open(&path).expect("a file");
    let before = facts(&path);
    let (stream, end) = OutputPipe::new(log).expect("a pipe");
    let (stdout, stderr) = (OutputTarget::Fd(end.try_clone().expect("a descriptor")), OutputTarget::Fd(end));
    let script = "echo one; echo two >&2; /escape spoil-streams; echo three > /dev/stdout; echo four > /proc/self/fd/2; \
                  : > /proc/self/fd/1; sleep 0.2; /escape read-back >&2; echo five";
    let command = SandboxCommand { stdout, stderr, ..shell(script) };
    let outcome = spawn(&fixture().root, &command).expect("starts").read(&mut [stream]).expect("runs");
    assert_eq!(outcome.termination, Termination::Exited(0));
    let text = fs::read_to_string(&path).expect("the log");
    assert_eq!(text, "one\ntwo\ndone\nthree\nfour\nEAGAIN\nfive\n");
    assert_eq!(facts(&path).0, before.0);
}

#[test]
fn processes_sockets_and_mounts_of_the_host_are_out_of_reach() {
    let (marker, name) = (marker(), marker());
    let mut sleeper = Process::new("sleep").arg(&marker).spawn().expect("sleep is installed");
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _abstract = UnixListener::bind_addr(&address).expect("a socket");
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = tcp.local_addr().expect("an address").port();
    let mounts = || fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let pid = sleeper.id();
    let script = format!(
        "exec 2>/dev/null; /escape abstract {name}; /escape loopback {port}; \
         for signal in 0 1 2 9 15; do kill -$signal {pid} && echo killed; done; kill -9 -1"
    );
    let fixture = fixture();
    let (_, text) = fixture.sh(&script);
    let (after, alive) = (mounts(), marked(&marker));
    sleeper.kill().expect("ours");
    sleeper.wait().expect("ours");
    assert_eq!(text, "ECONNREFUSED\nECONNREFUSED\n");
    assert_eq!(alive, [pid]);
    assert!(!after.contains(fixture.path().to_str().expect("UTF-8")), "{after}");
}

#[test]
fn crashes_reach_no_handler_of_the_host() {
    // A limit of one byte is what keeps the kernel from starting a handler that `core_pattern` names.
    Fixture::new().check("sed -n 's/^Max core file size *//p' /proc/self/limits | tr -s ' '", "1 1 bytes \n");
}

#[test]
fn special_files_can_be_made_that_need_no_privilege() {
    let fixture = fixture();
    fixture.check("/escape fifo; mkfifo /pipe; ls -d /pipe", "done\n/pipe\n");
    let pipe = fs::symlink_metadata(fixture.root.upper.join("pipe")).expect("it is kept");
    assert!(pipe.file_type().is_fifo());
    let mode = fs::metadata(fixture.root.upper.join("pipe")).expect("it is kept").permissions().mode();
    assert_eq!(mode & 0o7000, 0);
}
