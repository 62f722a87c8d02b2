//! Running a command in a root.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use spec_model::Cancel;
use spec_sandbox::{CommandOutcome, InputSource, OutputPipe, OutputTarget, RootSpec, SandboxCommand};

use crate::error::ExecutionError;
use crate::root::Root;

/// A command for a [`Root`].
#[derive(Debug)]
pub struct RootCommand {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment. `PWD` is added.
    pub environment: Vec<(String, String)>,
    /// Absolute path inside where the command starts; made if it is missing.
    pub cwd: String,
    /// User number inside; 0 when absent.
    pub uid: Option<u32>,
    /// Group number inside; 0 when absent.
    pub gid: Option<u32>,
    /// What the command may change.
    pub access: WriteAccess,
    /// Where its output goes.
    pub streams: CommandStreams,
    /// Whether it may use the host's network.
    pub network: bool,
    /// Sockets, files and folders of the host, and where they are inside.
    pub sockets: Vec<(PathBuf, String)>,
    /// Limit of wall-clock time.
    pub timeout: Option<Duration>,
    /// Whether it may make user namespaces; see [`SandboxCommand::user_namespaces`].
    pub user_namespaces: bool,
}

/// What a command may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteAccess {
    /// Everything. These directories are made if they are missing.
    Everything(Vec<String>),
    /// Only `/tmp`, `/dev/shm` and these directories, which are made if they are missing.
    Only(Vec<String>),
}

/// Where input and output of a command go.
#[derive(Debug)]
pub enum CommandStreams {
    /// No input; both outputs are appended to this file, which the command itself does not get.
    Log(File),
    /// The host's own, for a person's shell.
    Terminal,
}

impl Root {
    /// Runs a command to its end. Later commands, and captures, see what it changed.
    ///
    /// # Errors
    /// When the root cannot be laid out or the command cannot be started; how it ended is no error.
    pub fn run(&mut self, spec: RootCommand, cancel: &Cancel) -> Result<CommandOutcome, ExecutionError> {
        let mut root = self.lay_out()?.describe()?;
        grant(&mut root, &spec);
        for (host, inside) in &spec.sockets {
            root.bind(host, inside, true);
        }
        let (command, mut streams) = command(spec)?;
        let running = spec_sandbox::spawn(&root, &command)?;
        let kill_handle = running.kill_handle();
        let _guard = cancel.on_cancel(move || kill_handle.kill());
        Ok(running.read(&mut streams)?)
    }
}

fn grant(root: &mut RootSpec, spec: &RootCommand) {
    let (read_only, directories) = match &spec.access {
        WriteAccess::Everything(directories) => (false, directories),
        WriteAccess::Only(directories) => (true, directories),
    };
    root.read_only = read_only;
    root.directories = directories.iter().map(PathBuf::from).collect();
    if spec.cwd != "/" {
        // It can be written where its place in the root can.
        root.unmarked_directories.push(PathBuf::from(&spec.cwd));
    }
}

/// The command, and what it writes to a log.
fn command(spec: RootCommand) -> Result<(SandboxCommand, Vec<OutputPipe<File>>), ExecutionError> {
    let mut streams = Vec::new();
    let mut command = SandboxCommand::new(spec.argv);
    command.environment =
        spec.environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    command.environment.retain(|(name, _)| name != "PWD");
    command.environment.push(("PWD".into(), spec.cwd.clone().into()));
    command.cwd = spec.cwd.into();
    command.uid = spec.uid.unwrap_or(0);
    command.gid = spec.gid.unwrap_or(0);
    command.network = spec.network;
    command.timeout = spec.timeout;
    command.user_namespaces = spec.user_namespaces;
    match spec.streams {
        CommandStreams::Log(log) => {
            let failed = |source| ExecutionError::Scratch {
                action: "make a pipe for",
                path: "the log".into(),
                source,
            };
            let (stream, end) = OutputPipe::new(log).map_err(failed)?;
            let second = end.try_clone().map_err(failed)?;
            (command.stdout, command.stderr) = (OutputTarget::Fd(end), OutputTarget::Fd(second));
            streams.push(stream);
        }
        CommandStreams::Terminal => {
            (command.stdin, command.stdout, command.stderr) =
                (InputSource::Terminal, OutputTarget::Inherit, OutputTarget::Inherit);
        }
    }
    Ok((command, streams))
}
