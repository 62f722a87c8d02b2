//! Commands in the root of this machine.

use spec_model::Cancel;
use spec_sandbox::Termination;

use crate::command_runner::contract::{BatchHost, BatchOutcome, CommandBatch, CommandRunner, FailedCommand};
use crate::command_runner::output::BatchLog;
use crate::error::ExecutionError;
use crate::root::{CommandStreams, Root, RootCommand};

/// Runs each command in a sandbox of its own, in the root on this machine's disk. What it writes is in the log at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct InPlaceRunner;

impl CommandRunner for InPlaceRunner {
    fn run(
        &self,
        root: &mut Root,
        batch: &CommandBatch,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<BatchOutcome, ExecutionError> {
        Self::run_from(0, root, batch, host, cancel)
    }

    fn takes_other_platforms(&self) -> bool {
        false
    }
}

impl InPlaceRunner {
    /// Runs the commands from this one on.
    pub(super) fn run_from(
        first: usize,
        root: &mut Root,
        batch: &CommandBatch,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<BatchOutcome, ExecutionError> {
        let log = BatchLog(&batch.log);
        for number in first..batch.commands.len() {
            host.begin(number..number + 1);
            log.line(&format!("\n{}", batch.commands[number].heading_line()))?;
            let output_start = log.length()?;
            let termination = match cancel.is_cancelled() {
                true => Termination::Cancelled,
                false => root.run(root_command(batch, number, host)?, cancel)?.termination,
            };
            if termination != Termination::Exited(0) {
                let failed = FailedCommand { command: number, termination, output_start };
                return Ok(BatchOutcome::Failed(failed));
            }
        }
        Ok(BatchOutcome::Succeeded)
    }
}

fn root_command(
    batch: &CommandBatch,
    number: usize,
    host: &mut dyn BatchHost,
) -> Result<RootCommand, ExecutionError> {
    let command = &batch.commands[number];
    let socket = |inside: &String| Ok::<_, ExecutionError>((host.open_socket()?, inside.clone()));
    Ok(RootCommand {
        argv: command.argv.clone(),
        environment: command.environment.clone(),
        cwd: batch.cwd.clone(),
        uid: batch.uid,
        gid: batch.gid,
        access: batch.access.clone(),
        streams: CommandStreams::Log(BatchLog(&batch.log).handle()?),
        network: false,
        sockets: batch.socket.as_ref().map(socket).transpose()?.into_iter().collect(),
        timeout: None,
        user_namespaces: batch.user_namespaces,
    })
}
