//! A running sandbox, and its outcome.

use crate::cgroup::ControlGroup;
use crate::error::{SandboxError, failed};
use crate::protocol::{REPORT_WORDS, SupervisorReport, termination};
use crate::script::CompiledScript;
use crate::stream::OutputPipe;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A command in its sandbox. Dropping it kills the command and everything it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    socket: Arc<UnixStream>,
    script: CompiledScript,
    over: bool,
    /// Removed at the end.
    group: Option<ControlGroup>,
}

/// Kills a sandbox from another thread, or after it has been moved into a wait.
#[derive(Clone, Debug)]
pub struct KillHandle(Arc<UnixStream>);

/// How a command ended, and the resources that it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandOutcome {
    /// How it ended.
    pub termination: Termination,
    /// The resources that it used.
    pub usage: ResourceUsage,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// The [`crate::SandboxCommand::timeout`] was reached; everything was killed.
    TimedOut,
    /// [`Running::kill`] or [`KillHandle::kill`] was called; everything was killed.
    Cancelled,
}

/// The resources that the command and all its descendants used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel, including the few milliseconds for making the sandbox.
    pub system: Duration,
    /// Greatest resident set of one process, in bytes.
    pub max_rss: u64,
    /// Wall-clock time, including that for making the sandbox.
    pub wall: Duration,
}

/// The result of polling.
struct PollResult {
    /// Whether the supervisor answered, or is gone.
    over: bool,
    /// For each stream whether it can be read.
    streams: Vec<bool>,
}

impl Running {
    pub(crate) fn new(
        child: Child,
        socket: UnixStream,
        script: CompiledScript,
        group: Option<ControlGroup>,
    ) -> Self {
        Self { child, socket: Arc::new(socket), script, over: false, group }
    }

    pub(crate) fn send(
        &self,
        send: impl FnOnce(&UnixStream, &CompiledScript) -> io::Result<()>,
    ) -> Result<(), SandboxError> {
        send(&self.socket, &self.script).map_err(failed("talk to the supervisor"))
    }

    /// Waits for the end, at most for [`crate::SandboxCommand::timeout`] if that is set.
    ///
    /// # Errors
    /// What kept the command from running; see [`SandboxError`].
    pub fn wait(mut self) -> Result<CommandOutcome, SandboxError> {
        self.finish()
    }

    /// Waits for the end, but not beyond `deadline`; `None` if the command still runs then.
    ///
    /// # Errors
    /// As [`Running::wait`]. Once it answered with anything but `None` every further answer is
    /// [`SandboxError::Lost`].
    pub fn wait_until(&mut self, deadline: Instant) -> Result<Option<CommandOutcome>, SandboxError> {
        self.read_until::<io::Sink>(deadline, &mut [])
    }

    /// As [`Running::wait`], and copies the output of the command to the sinks of `streams`.
    ///
    /// # Errors
    /// As [`Running::read_until`].
    pub fn read<W: Write>(mut self, streams: &mut [OutputPipe<W>]) -> Result<CommandOutcome, SandboxError> {
        const LONG: Duration = Duration::from_secs(3600);
        loop {
            if let Some(outcome) = self.read_until(Instant::now() + LONG, streams)? {
                return Ok(outcome);
            }
        }
    }

    /// As [`Running::wait_until`], and copies the output of the command to the sinks of `streams`. When this returns
    /// an outcome, the sinks have everything that the command wrote.
    ///
    /// # Errors
    /// As [`Running::wait_until`]; [`SandboxError::Output`] when a sink fails, and then the command is killed.
    pub fn read_until<W: Write>(
        &mut self,
        deadline: Instant,
        streams: &mut [OutputPipe<W>],
    ) -> Result<Option<CommandOutcome>, SandboxError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let ready = self.poll(left, streams)?;
            if ready.over {
                let drained = streams.iter_mut().try_for_each(OutputPipe::drain);
                let outcome = self.finish()?;
                drained.map_err(|source| SandboxError::Output { source })?;
                return Ok(Some(outcome));
            }
            for (stream, _) in streams.iter_mut().zip(ready.streams).filter(|(_, ready)| *ready) {
                if let Err(source) = stream.read() {
                    self.kill();
                    return Err(SandboxError::Output { source });
                }
            }
            if left.is_zero() {
                return Ok(None);
            }
        }
    }

    fn poll<W: Write>(
        &self,
        timeout: Duration,
        streams: &[OutputPipe<W>],
    ) -> Result<PollResult, SandboxError> {
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        let readers = streams.iter().map(|stream| stream.reader());
        let open = readers.clone().flatten().map(|reader| PollFd::from_borrowed_fd(reader, PollFlags::IN));
        let mut table: Vec<_> = [PollFd::new(&*self.socket, PollFlags::IN)].into_iter().chain(open).collect();
        match poll(&mut table, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(failed("wait for the end")(errno.into())),
        }
        let mut reported = table.iter().map(|entry| !entry.revents().is_empty());
        let over = reported.next().unwrap_or(false);
        let streams = readers.map(|reader| reader.is_some() && reported.next().unwrap_or(false));
        Ok(PollResult { over, streams: streams.collect() })
    }

    /// Kills the command and everything it started; waiting then answers [`Termination::Cancelled`].
    pub fn kill(&self) {
        self.kill_handle().kill();
    }

    /// Something that can kill this sandbox later, from anywhere.
    pub fn kill_handle(&self) -> KillHandle {
        KillHandle(Arc::clone(&self.socket))
    }

    fn finish(&mut self) -> Result<CommandOutcome, SandboxError> {
        let answer = self.receive();
        self.over = true;
        // It answered or closed its end, so it exits soon, if it has not yet.
        self.child.wait().map_err(failed("wait for the supervisor"))?;
        drop(self.group.take());
        let (report, message) = answer?;
        let termination = match report.termination {
            termination::ENDED => decode(report.status as i32),
            termination::TIMED_OUT => Termination::TimedOut,
            termination::CANCELLED => Termination::Cancelled,
            termination::FAILED => return Err(self.script.error(&report, &message)),
            _ => return Err(SandboxError::Lost),
        };
        let usage = ResourceUsage {
            user: Duration::from_micros(report.user_us),
            system: Duration::from_micros(report.system_us),
            max_rss: report.max_rss_kb << 10,
            wall: Duration::from_nanos(report.wall_ns),
        };
        Ok(CommandOutcome { termination, usage })
    }

    fn receive(&self) -> Result<(SupervisorReport, String), SandboxError> {
        let mut socket = &*self.socket;
        let mut bytes = [0; REPORT_WORDS * 8];
        socket.read_exact(&mut bytes).map_err(|_| SandboxError::Lost)?;
        let mut words =
            bytes.chunks_exact(8).map(|w| u64::from_ne_bytes(w.try_into().expect("chunks of eight")));
        let report = SupervisorReport::from_words(std::array::from_fn(|_| words.next().unwrap_or_default()));
        let mut message = vec![0; report.message as usize];
        socket.read_exact(&mut message).map_err(|_| SandboxError::Lost)?;
        Ok((report, String::from_utf8_lossy(&message).into_owned()))
    }
}

/// Readable when the command has ended: [`Running::wait`] then does not block.
impl AsFd for Running {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over {
            self.kill();
            // There is nobody to report to; only the end of all processes matters.
            let _ = self.finish();
        }
    }
}

impl KillHandle {
    /// Kills the sandbox, if it still runs.
    pub fn kill(&self) {
        // It fails when the other end is gone, and then there is nothing to kill.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

/// Empties the work directory of a root in which nothing runs any more: the kernel leaves a folder without
/// permissions there, which ordinary users could not remove otherwise.
///
/// # Errors
/// Those of the file system; a missing directory is no error.
pub fn clear_work(work: &Path) -> io::Result<()> {
    let open = |folder: BorrowedFd<'_>, name: &str| {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(folder, name, flags, Mode::empty())
    };
    let mut folder = match open(rustix::fs::CWD, &work.to_string_lossy()) {
        Err(Errno::NOENT) => return Ok(()),
        folder => folder?,
    };
    for closed in ["work", "incompat", "volatile"] {
        folder = match open(folder.as_fd(), closed) {
            Err(Errno::NOENT) => break,
            folder => folder?,
        };
        // The path of the descriptor, since the name may have been replaced, and `fchmod` needs a descriptor opened
        // for reading.
        let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    match fs::remove_dir_all(work.join("work")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A wait status as `waitpid(2)` gives it.
fn decode(status: i32) -> Termination {
    match status & 0x7f {
        0 => Termination::Exited(status >> 8 & 0xff),
        signal => Termination::Signaled(signal),
    }
}
