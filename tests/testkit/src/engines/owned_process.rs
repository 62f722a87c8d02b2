//! Processes that end when their owner goes, and when this program ends in whatever way.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take to end after SIGTERM.
const DEADLINE: Duration = Duration::from_secs(60);

/// How much of its log is shown when a test fails, in lines.
const SHOWN: usize = 60;

/// A command that the kernel kills when the thread that started it ends, which for an [`OwnedProcess`] is when this program
/// ends.
#[must_use]
pub fn owned(program: impl AsRef<Path>) -> Command {
    let mut owned = Command::new("setpriv");
    owned.args(["--pdeathsig", "KILL"]).arg(program.as_ref());
    owned
}

/// A running process with its log. It is killed when this goes; where a test fails, the end of its log is shown then.
#[derive(Debug)]
pub struct OwnedProcess {
    name: String,
    child: Child,
    log: PathBuf,
    /// Where its own part of the file begins.
    log_start: usize,
}

impl OwnedProcess {
    /// Starts a command that [`owned`] made. Both of its outputs are added to the file `NAME.log` in a folder.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(name: &str, mut command: Command, folder: &Path) -> OwnedProcess {
        let log = folder.join(format!("{name}.log"));
        let log_start = fs::read(&log).map_or(0, |bytes| bytes.len());
        let open = || File::options().create(true).append(true).open(&log);
        let [out, err] = [open(), open()].map(|file| file.expect("a folder of our own can be written"));
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn(command).unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        OwnedProcess { name: name.to_owned(), child, log, log_start }
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.log_start..).unwrap_or_default()).into_owned()
    }

    /// The number of the process, or of the one that keeps its namespaces.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    ///
    /// # Panics
    /// Never: it is our own child.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("our own child can be waited for").is_none()
    }

    /// Waits until something is so, while it runs.
    ///
    /// # Panics
    /// If it ends, or the deadline passes: with its log.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, deadline: Duration, mut is: impl FnMut(&str) -> bool) {
        let end = Instant::now() + deadline;
        while !is(&self.log()) {
            assert!(self.runs(), "{} ended before {what}:\n{}", self.name, self.log());
            assert!(Instant::now() < end, "{}: no {what} in {deadline:?}:\n{}", self.name, self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it at once, and waits until all that is in its process namespace has ended too.
    pub fn kill(&mut self) {
        let end = Instant::now() + DEADLINE;
        // `unshare` ends when the first process of its namespace has, which ends last.
        for first in self.first_in_namespace() {
            let _ = Command::new("kill").args(["-s", "KILL", &first]).stderr(Stdio::null()).status();
            while self.child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < end {
                thread::sleep(Duration::from_millis(2));
            }
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The first process of its namespace, if it has one of its own.
    fn first_in_namespace(&self) -> Vec<String> {
        let process = Path::new("/proc").join(self.id().to_string());
        if fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "unshare") {
            let children =
                fs::read_to_string(process.join("task").join(self.id().to_string()).join("children"));
            return children.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        }
        vec![]
    }

    /// Sends SIGTERM and waits for its end.
    ///
    /// # Panics
    /// If it goes on.
    pub fn terminate(&mut self) -> ExitStatus {
        if self.runs() {
            crate::signal(self.id(), "TERM");
        }
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be waited for") {
                return status;
            }
            assert!(Instant::now() < end, "{} does not end:\n{}", self.name, self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
            eprintln!("---- the end of the log of {} ----\n{end}\n----", self.name);
        }
    }
}

/// What the owning thread is asked for.
type Spawning = (Command, SyncSender<io::Result<Child>>);

/// Starts a command on a thread that lives as long as this program. The kernel looks at the thread that started a process,
/// and the thread of a test ends before others that use the same server.
fn spawn(command: Command) -> io::Result<Child> {
    static OWNER: OnceLock<SyncSender<Spawning>> = OnceLock::new();
    let owner = OWNER.get_or_init(|| {
        let (sender, receiver) = sync_channel::<Spawning>(1);
        let serve = move || receiver.iter().for_each(|(mut command, to)| _ = to.send(command.spawn()));
        let thread = thread::Builder::new().name("process-owner".to_owned()).spawn(serve);
        thread.expect("a thread can be started");
        sender
    });
    let (sender, receiver) = sync_channel(1);
    owner.send((command, sender)).expect("the owning thread does not end");
    receiver.recv().expect("the owning thread answers")
}
