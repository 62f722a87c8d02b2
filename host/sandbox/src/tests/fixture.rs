//! A small root made of the host's own `/usr`, and functions to look at running processes.

use crate::{
    Mount, MountKind, OutputPipe, OutputTarget, RootSpec, SandboxCommand, SandboxError, Termination, spawn,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time after which a test counts as stuck.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Fixture {
    dir: TempDir,
    pub(super) root: RootSpec,
}

impl Fixture {
    /// One layer with the host's programs bound into it, and a `/tmp` of its own.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let make = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir(&path).expect("a fresh directory");
            path
        };
        let mut root = RootSpec::new([make("base")], make("upper"), make("work"));
        root.mounts.push(Mount { path: "/tmp".into(), kind: MountKind::Tmpfs { size: 1 << 30 } });
        root.bind("/usr", "/usr", false);
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            let host = Path::new("/").join(name);
            match fs::read_link(&host) {
                Ok(target) => symlink(target, root.layers[0].path().join(name)).expect("a fresh link"),
                Err(_) if host.is_dir() => _ = root.bind(&host, &host, false),
                Err(_) => {}
            }
        }
        Self { dir, root }
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Adds a layer on top and writes `files` (path, content) into it.
    pub(super) fn layer(&mut self, files: &[(&str, &str)]) -> PathBuf {
        let layer = self.dir.path().join(format!("layer{}", self.root.layers.len()));
        fs::create_dir(&layer).expect("a fresh directory");
        for (path, content) in files {
            let path = layer.join(path);
            fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        self.root.layers.push(layer.clone().into());
        layer
    }

    /// Runs a shell script to its end: how it ended and what it printed.
    pub(super) fn sh(&self, script: &str) -> (Termination, String) {
        self.run(shell(script)).expect("the sandbox works")
    }

    /// The same for any command; its standard output and standard error are collected.
    pub(super) fn run(&self, mut command: SandboxCommand) -> Result<(Termination, String), SandboxError> {
        let (stream, end) = OutputPipe::new(Vec::new()).expect("a pipe");
        let second = end.try_clone().expect("a descriptor");
        (command.stdout, command.stderr) = (OutputTarget::Fd(end), OutputTarget::Fd(second));
        command.timeout.get_or_insert(PATIENCE);
        let mut streams = [stream];
        let termination = spawn(&self.root, &command)?.read(&mut streams)?.termination;
        let [stream] = streams;
        let text = String::from_utf8(stream.into_sink()).expect("the command prints UTF-8");
        Ok((termination, text))
    }

    /// Asserts that a shell script succeeds and prints `expect`.
    #[track_caller]
    pub(super) fn check(&self, script: &str, expect: &str) {
        assert_eq!(self.sh(script), (Termination::Exited(0), expect.to_owned()), "{script}");
    }

    /// The names in the upper directory, sorted.
    pub(super) fn upper(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.root.upper).expect("the upper directory");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A shell with a `PATH`.
pub(super) fn shell(script: &str) -> SandboxCommand {
    SandboxCommand {
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        ..SandboxCommand::new(["/bin/sh", "-c", script])
    }
}

/// A number of seconds to sleep that no other process uses.
pub(super) fn marker() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("9{}.{:04}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The living processes of the machine: number, parent's number, command line.
fn processes() -> Vec<(u32, u32, String)> {
    let read = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let alive = fields.next()? != "Z";
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        alive.then_some((pid, fields.next()?.parse().ok()?, command))
    };
    let entries = fs::read_dir("/proc").expect("/proc");
    entries.filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// The living processes with `marker` in their command line.
pub(super) fn marked(marker: &str) -> Vec<u32> {
    processes().into_iter().filter(|(_, _, line)| line.contains(marker)).map(|(pid, ..)| pid).collect()
}

/// `pid` and its ancestors, up to `top`, which is not included.
pub(super) fn ancestry(pid: u32, top: u32) -> Vec<u32> {
    let table = processes();
    let parent = |pid: u32| table.iter().find(|(p, ..)| *p == pid).map(|(_, parent, _)| *parent);
    std::iter::successors(Some(pid), |pid| parent(*pid)).take_while(|pid| *pid > 1 && *pid != top).collect()
}

/// Whether the process exists and is not a zombie.
pub(super) fn alive(pid: u32) -> bool {
    processes().iter().any(|(p, ..)| *p == pid)
}

/// Waits until `done`, at most for [`PATIENCE`].
#[track_caller]
pub(super) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what} did not happen in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}
