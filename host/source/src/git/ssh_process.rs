//! The program that connects to a server over ssh, and the service of git that it starts there.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::server_failure::{ServerFailure, ServerResult};
use super::ssh_address::SshAddress;
use crate::download::Failure;
use crate::git_error::GitError;
use crate::http_options::HttpOptions;
use crate::ssh_options::{SshOptions, SshProgram};

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;
/// Bytes of the program's messages that are kept: its last ones.
const MESSAGES: usize = 4 << 10;
/// How long an ended connection may take to say why, and the program to end.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The status with which ssh ends when it is not the command on the server that failed.
const NO_CONNECTION: i32 = 255;
/// Messages of ssh about what another attempt does not change.
const FINAL: [&str; 5] = [
    "Permission denied",
    "Host key verification failed",
    "Too many authentication failures",
    "Bad configuration option",
    "no matching",
];

/// What is executed on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RemoteCommand {
    /// Git's service. That version 2 of the protocol is wanted says, as for git, a variable that ssh passes on, if the server's
    /// sshd accepts it.
    UploadPack,
    /// The same with the variable set by the command, for a server whose sshd does not accept it; those that permit git's commands
    /// alone refuse this.
    UploadPackWithVariable,
    /// What tells the server and the login of files of Git LFS.
    LfsLogin,
}

/// A running program and its pipes. Dropping it ends the program and all that it started.
pub(super) struct SshProcess {
    child: Child,
    input: Option<pipe::Sender>,
    output: pipe::Receiver,
    errors: Option<pipe::Receiver>,
    messages: Vec<u8>,
    /// The longest wait for the next bytes.
    silence: Duration,
    /// What the first bytes may take longer.
    connecting: Duration,
}

/// What came first.
enum Event {
    Output(io::Result<usize>),
    Messages(io::Result<usize>),
    Silence,
}

impl SshProcess {
    pub(super) fn start(
        address: &SshAddress,
        remote: RemoteCommand,
        ssh: &SshOptions,
        limits: &HttpOptions,
    ) -> Result<Self, ServerFailure> {
        let mut command = command(address, remote, ssh, limits);
        let started = command.spawn().map_err(|error| GitError::NoSsh {
            program: command.get_program().to_string_lossy().into_owned(),
            error,
        })?;
        Self::with_pipes(started, limits).map_err(|error| Failure::Disk(error).into())
    }

    fn with_pipes(mut child: Child, limits: &HttpOptions) -> io::Result<Self> {
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut guard = EndedChild(Some(child));
        let none = || io::Error::other("it has no pipe");
        let input = pipe::Sender::from_owned_fd(OwnedFd::from(input.ok_or_else(none)?))?;
        let output = pipe::Receiver::from_owned_fd(OwnedFd::from(output.ok_or_else(none)?))?;
        let errors = pipe::Receiver::from_owned_fd(OwnedFd::from(errors.ok_or_else(none)?))?;
        let child = guard.0.take().ok_or_else(none)?;
        let (silence, connecting) = (limits.read_timeout, limits.connect_timeout);
        let (input, errors) = (Some(input), Some(errors));
        Ok(Self { child, input, output, errors, messages: Vec::new(), silence, connecting })
    }

    /// Sends a message. What the program says meanwhile is read, so that it does not wait for us.
    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), ServerFailure> {
        let until = Instant::now() + self.silence;
        let mut buffer = [0; 1024];
        let Self { input: Some(input), errors, messages, .. } = self else { return Err(self.ended().await) };
        let sent = {
            let write = input.write_all(message);
            tokio::pin!(write);
            loop {
                tokio::select! {
                    done = &mut write => break done.ok(),
                    read = read_some(errors, &mut buffer) => note(messages, errors, &buffer, read),
                    () = sleep_until(until) => return Err(silent().into()),
                }
            }
        };
        match sent {
            Some(()) => Ok(()),
            None => Err(self.ended().await),
        }
    }

    /// The next bytes of the answer. The end of the connection is a failure: answers end before.
    pub(super) async fn chunk(&mut self) -> ServerResult<Vec<u8>> {
        match self.read().await? {
            Some(bytes) => Ok(bytes),
            None => Err(self.ended().await),
        }
    }

    /// The next bytes; `None` at the end.
    async fn read(&mut self) -> ServerResult<Option<Vec<u8>>> {
        let until = Instant::now() + self.silence + std::mem::take(&mut self.connecting);
        let (mut bytes, mut buffer) = (vec![0; CHUNK], [0; 1024]);
        loop {
            let event = tokio::select! {
                read = self.output.read(&mut bytes) => Event::Output(read),
                read = read_some(&mut self.errors, &mut buffer) => Event::Messages(read),
                () = sleep_until(until) => Event::Silence,
            };
            match event {
                Event::Output(Ok(length)) if length > 0 => {
                    bytes.truncate(length);
                    return Ok(Some(bytes));
                }
                Event::Output(_) => return Ok(None),
                Event::Messages(read) => note(&mut self.messages, &mut self.errors, &buffer, read),
                Event::Silence => return Err(silent().into()),
            }
        }
    }

    /// All that a command prints, at most so many bytes.
    pub(super) async fn output(mut self, most: usize) -> ServerResult<Vec<u8>> {
        let mut printed = Vec::new();
        self.input = None;
        loop {
            match self.read().await? {
                Some(bytes) if printed.len() + bytes.len() <= most => printed.extend(bytes),
                Some(_) => return Err(Failure::Final(format!("it prints more than {most} bytes")).into()),
                None if self.status().await.is_some_and(|status| status.success()) => return Ok(printed),
                None => return Err(self.ended().await),
            }
        }
    }

    /// Ends the connection as the protocol does.
    pub(super) async fn finish(mut self) {
        if self.send(b"0000").await.is_ok() {
            self.input = None;
            self.status().await;
        }
    }

    /// Why the connection ended.
    async fn ended(&mut self) -> ServerFailure {
        self.input = None;
        let mut buffer = [0; 1024];
        // A program in the background, such as the master of shared connections, may keep the pipe open.
        let last = async {
            while self.errors.is_some() {
                let read = read_some(&mut self.errors, &mut buffer).await;
                note(&mut self.messages, &mut self.errors, &buffer, read);
            }
        };
        let _ = timeout(LAST_WORDS, last).await;
        let status = self.status().await;
        explain(status, &self.messages)
    }

    /// How the program ended; `None` if it does not end.
    async fn status(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            sleep(Duration::from_millis(5)).await;
        }
        None
    }
}

impl Drop for SshProcess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a program whose pipes cannot be used.
struct EndedChild(Option<Child>);

impl Drop for EndedChild {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(end);
    }
}

/// Ends a program with all in its group, and takes its status, so that nothing of it is left.
fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        let _ = child.wait();
    }
}

fn command(address: &SshAddress, remote: RemoteCommand, ssh: &SshOptions, limits: &HttpOptions) -> Command {
    let mut command = match &ssh.program {
        SshProgram::Named(program) => Command::new(program),
        SshProgram::Shell(text) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{text} \"$@\"")).arg(text);
            shell
        }
    };
    let seconds = limits.connect_timeout.as_secs().max(1);
    // Nobody could answer a question: the terminal belongs to the progress of all jobs.
    command.args(["-T", "-o", "BatchMode=yes", "-o", &format!("ConnectTimeout={seconds}")]);
    command.args(["-o", "SendEnv=GIT_PROTOCOL"]).env("GIT_PROTOCOL", "version=2");
    if let Some(port) = address.port() {
        command.arg("-p").arg(port.to_string());
    }
    let path = address.quoted_path();
    command.arg(address.destination()).arg(match remote {
        RemoteCommand::UploadPack => format!("git-upload-pack {path}"),
        RemoteCommand::UploadPackWithVariable => {
            format!("env GIT_PROTOCOL=version=2 git-upload-pack {path}")
        }
        RemoteCommand::LfsLogin => format!("git-lfs-authenticate {path} download"),
    });
    // A group of its own, so that all of it can be ended, and an interrupt of the terminal reaches only us.
    command.process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// More of what the program says. It never ends once there is no more.
async fn read_some(errors: &mut Option<pipe::Receiver>, buffer: &mut [u8]) -> io::Result<usize> {
    match errors {
        Some(errors) => errors.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Keeps what was read of the messages, or notes that there are no more.
fn note(messages: &mut Vec<u8>, errors: &mut Option<pipe::Receiver>, buffer: &[u8], read: io::Result<usize>) {
    match read {
        Ok(length) if length > 0 => {
            messages.extend_from_slice(&buffer[..length]);
            let surplus = messages.len().saturating_sub(MESSAGES);
            messages.drain(..surplus);
        }
        _ => *errors = None,
    }
}

fn silent() -> Failure {
    Failure::Transient("the server has not answered in time".to_owned())
}

/// The failure of an ended program that has said this.
fn explain(status: Option<ExitStatus>, messages: &[u8]) -> ServerFailure {
    let said = shown(messages);
    let code = status.and_then(|status| status.code());
    match code {
        Some(NO_CONNECTION) | None => {
            let why = if said.is_empty() { "the connection ended".to_owned() } else { said };
            match FINAL.iter().any(|words| why.contains(words)) {
                true => Failure::Final(why).into(),
                false => Failure::Transient(why).into(),
            }
        }
        Some(code) if said.is_empty() => {
            GitError::Server { message: format!("nothing; its command ends with status {code}") }.into()
        }
        Some(_) => GitError::Server { message: said }.into(),
    }
}

/// Messages in one line, without what a terminal would obey. The last ones tell the reason.
fn shown(messages: &[u8]) -> String {
    const MOST: usize = 500;
    let text = String::from_utf8_lossy(messages);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line: String = lines.collect::<Vec<_>>().join("; ");
    let line: Vec<char> = line.chars().filter(|c| !c.is_control()).collect();
    line[line.len().saturating_sub(MOST)..].iter().collect()
}

#[cfg(test)]
mod tests;
