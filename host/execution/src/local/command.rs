//! Runs the command of an action, with its standard streams going to files.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use spec_model::Cancel;
use spec_sandbox::{CommandOutcome, OutputPipe, OutputTarget, RootSpec, SandboxCommand, SandboxError};

use crate::local::action_root::ActionRoot;
use crate::local::prepared_action::PreparedAction;

/// How often it is looked whether an action takes too much memory.
const LOOK: Duration = Duration::from_millis(100);

/// Of actions that nobody has asked for yet; one that is joined later keeps it, for only root may take it back. So it is
/// not the most there is: such an action has a tenth of a busy processor.
const PRIMED_NICE: u8 = 10;

/// Runs a command to its end, or until it takes too much.
pub(super) fn run(
    root: &RootSpec,
    prepared: &PreparedAction,
    action_root: &ActionRoot,
    cancel: &Cancel,
    mut takes_too_much: impl FnMut() -> bool,
) -> Result<CommandOutcome, SandboxError> {
    let stream = |name: &str| OutputPipe::new(LazyFile::new(action_root.beside(name)));
    let failed = |source| SandboxError::Output { source };
    let (stdout, stdout_end) = stream("stdout").map_err(failed)?;
    let (stderr, stderr_end) = stream("stderr").map_err(failed)?;
    let (mut streams, process) = ([stdout, stderr], process(prepared, stdout_end, stderr_end));
    let mut running = spec_sandbox::spawn(root, &process)?;
    let kill_handle = running.kill_handle();
    let _guard = cancel.on_cancel(move || kill_handle.kill());
    let mut killed = false;
    loop {
        if let Some(outcome) = running.read_until(Instant::now() + LOOK, &mut streams)? {
            return Ok(outcome);
        }
        if !killed && takes_too_much() {
            running.kill();
            killed = true;
        }
    }
}

fn process(prepared: &PreparedAction, stdout: OwnedFd, stderr: OwnedFd) -> SandboxCommand {
    let variables = prepared.command.environment.iter();
    SandboxCommand {
        environment: variables.map(|(name, value)| (name.into(), value.into())).collect(),
        cwd: PathBuf::from("/").join(&prepared.cwd),
        uid: prepared.user,
        gid: prepared.group,
        network: prepared.requirements.network,
        stdout: OutputTarget::Fd(stdout),
        stderr: OutputTarget::Fd(stderr),
        timeout: Some(prepared.timeout),
        nice: if prepared.primed { PRIMED_NICE } else { 0 },
        ..SandboxCommand::new(&prepared.command.arguments)
    }
}

/// A file that is there as soon as something is written to it.
#[derive(Debug)]
struct LazyFile {
    path: PathBuf,
    file: Option<File>,
}

impl LazyFile {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }
}

impl Write for LazyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = match &self.file {
            Some(file) => file,
            None => self.file.insert(File::create(&self.path)?),
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
