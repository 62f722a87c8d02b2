//! Runs `spec-host serve`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Host;

/// The time limit of starting to listen, and of ending after a signal.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running `spec-host serve`, which is killed when this is dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    log: Arc<Log>,
}

/// Its standard error so far.
#[derive(Debug, Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Service {
    /// Starts it over the cache of `host`, on a free port of this machine, with more arguments.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start(host: &Host, arguments: &[&str]) -> Service {
        let mut command = host.command_in(Path::new("/"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let service = Service::run(&mut command);
        let _ = service.address();
        service
    }

    /// Runs a command that serves.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn run(command: &mut Command) -> Service {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let log = Arc::new(Log::default());
        let (stderr, kept) = (child.stderr.take().expect("it is a pipe"), Arc::clone(&log));
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| kept.push(line))
        });
        Service { child, log }
    }

    /// `HOST:PORT` of its first address.
    ///
    /// # Panics
    /// If it does not listen.
    #[must_use]
    pub fn address(&self) -> String {
        self.after("listening on ")
    }

    /// `http://HOST:PORT`, as BuildStream wants it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The whole answer of its metrics server, which it has with `--metrics-listen`.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.after("metrics at ")).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket takes a time-out");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        std::io::read_to_string(stream).expect("it answers in UTF-8")
    }

    /// The value of one of its metrics, named with its labels.
    ///
    /// # Panics
    /// As [`page`](Self::page).
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        let page = self.page("/metrics");
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| value.parse().expect("a metric is a number"))
    }

    /// The word that follows `mark` in the first line of its log that has it.
    ///
    /// # Panics
    /// If no such line comes.
    #[must_use]
    pub fn after(&self, mark: &str) -> String {
        let line = self.log.wait_for(|line| line.contains(mark));
        let line = line.unwrap_or_else(|| panic!("no '{mark}' in its log:\n{}", self.log()));
        let rest = line.split(mark).nth(1).unwrap_or_default();
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().join("\n")
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `TERM`.
    ///
    /// # Panics
    /// If that cannot be done.
    pub fn signal(&self, signal: &str) {
        crate::signal(self.id(), signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it goes on.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be waited for") {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it does not end:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: String) {
        self.lock().push(line);
        self.more.notify_all();
    }

    fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let lines = self.lock();
        let waited =
            self.more.wait_timeout_while(lines, DEADLINE, |lines| !lines.iter().any(|line| wanted(line)));
        let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|line| wanted(line)).cloned()
    }
}
