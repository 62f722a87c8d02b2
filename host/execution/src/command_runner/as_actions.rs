//! Commands as actions, for an executor on this machine or another one.

use std::sync::Arc;
use std::time::SystemTime;

use spec_action::path;
use spec_model::{ActionResult, AnswerSource, Cancel, Digest, OutputDirectory};
use spec_sandbox::Termination;

use crate::command_runner::action::{self, directories, outputs, writable};
use crate::command_runner::contract::{BatchHost, BatchOutcome, CommandBatch, CommandRunner, FailedCommand};
use crate::command_runner::in_place::InPlaceRunner;
use crate::command_runner::input_tree::{self, Way, look};
use crate::command_runner::not_an_action::NotAnAction;
use crate::command_runner::output::BatchLog;
use crate::command_runner::program::check_program;
use crate::command_runner::script::{Script, scripts};
use crate::command_runner::subactions::{Answer, subactions, unrecorded};
use crate::error::ExecutionError;
use crate::outcome::ActionError;
use crate::pool::LazyExecutions;
use crate::request::ActionRequest;
use crate::rights::Rights;
use crate::root::Root;

/// The exit code with which a shell says that there is no such program.
const NO_PROGRAM: i32 = 127;

/// Has the commands of a batch executed as one action, whose input root is the root as it is, and whose outputs are the
/// directories that they can write to. So equal batches are executed once and answered from the cache of results, and
/// whoever executes actions can execute them. The log has their output when they are over.
///
/// What no action can have runs in the root on this machine: commands that may make user namespaces, those that want a
/// socket where the executor gives none to actions, directories to write to that are reached over symbolic links, variables that no shell
/// can set, and commands that are too long for a script. The log then says so.
#[derive(Debug)]
pub struct ActionCommandRunner {
    executions: Arc<LazyExecutions>,
}

/// The answer to an action: its result, be it what there was when its time was over, and how it ended.
struct ActionEnd {
    result: ActionResult,
    /// Whether it was kept from earlier.
    cached: bool,
    termination: Termination,
    /// What whoever executed it tells of it beside.
    report: Option<String>,
}

impl ActionCommandRunner {
    /// A runner that requests its actions of these executions, which are over the store of all its roots.
    #[must_use]
    pub fn new(executions: Arc<LazyExecutions>) -> Self {
        Self { executions }
    }

    /// The scripts that do what the batch does, or why no action does.
    fn scripts(
        &self,
        root: &mut Root,
        batch: &CommandBatch,
    ) -> Result<Result<Vec<Script>, NotAnAction>, ExecutionError> {
        if batch.user_namespaces {
            return Ok(Err(NotAnAction::UserNamespaces));
        }
        if batch.socket.is_some() && !self.executions.get()?.opens_sockets() {
            return Ok(Err(NotAnAction::NoSocket));
        }
        let tree = root.digest()?;
        for path in directories(batch) {
            if let Way::Blocked(why) = look(root.cas(), &tree, &path)? {
                return Ok(Err(why));
            }
        }
        Ok(scripts(&batch.commands))
    }

    fn run_script(
        &self,
        root: &mut Root,
        batch: &CommandBatch,
        script: &Script,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<BatchOutcome, ExecutionError> {
        let (log, first) = (BatchLog(&batch.log), script.commands.start);
        let start = log.length()?;
        let failed = |command, termination, output_start| {
            BatchOutcome::Failed(FailedCommand { command, termination, output_start })
        };
        if cancel.is_cancelled() {
            return Ok(failed(first, Termination::Cancelled, start));
        }
        host.begin(script.commands.clone());
        let (cas, before) = (root.cas().clone(), prepare(root, batch)?);
        for program in ["sh", &batch.commands[first].argv[0]] {
            check_program(&cas, &before, program, &batch.commands[first].environment, &batch.cwd)?;
        }
        let writable = writable(&batch.access);
        let outputs = outputs(writable.as_deref());
        let input_root = input_tree::input_root(&cas, &before, writable.as_deref())?;
        let action = action::store(&cas, batch, script, input_root, &outputs)?;
        let asked = SystemTime::now();
        let Some(ActionEnd { result, cached, termination, report }) = self.execute(batch, action, cancel)?
        else {
            return Ok(failed(first, Termination::Cancelled, start));
        };
        let started = log.append(&cas, &result)?;
        if batch.socket.is_some() {
            let elsewhere = self.executions.get()?.runs_elsewhere();
            self.record(batch, &Answer { result: &result, cached, elsewhere, asked }, host, cancel)?;
        }
        let mut after = before;
        for directory in &result.directories {
            let path = path_of_output(batch, directory, &outputs)?;
            let tree = tree_of_output(&cas, directory)?;
            after = input_tree::with_output(&cas, &after, &path, &tree, writable.as_deref())?;
        }
        root.adopt(after)?;
        if termination == Termination::Exited(0) {
            return Ok(BatchOutcome::Succeeded);
        }
        let number = (first + started.unwrap_or(0)).min(script.commands.end - 1);
        let command = &batch.commands[number];
        if termination == Termination::Exited(NO_PROGRAM) {
            check_program(&cas, &after, &command.argv[0], &command.environment, &batch.cwd)?;
        }
        let output = log.output_of(command, start)?;
        if let Some(report) = report {
            log.line(&report)?;
        }
        Ok(failed(number, termination, output))
    }

    /// `None` when it was cancelled.
    fn execute(
        &self,
        batch: &CommandBatch,
        action: Digest,
        cancel: &Cancel,
    ) -> Result<Option<ActionEnd>, ExecutionError> {
        let (rights, trees) = (Arc::new(rights(batch)), batch.trees.as_slice().into());
        let request = ActionRequest { trees, ..ActionRequest::new(action, rights) };
        let executions = self.executions.get()?;
        let elsewhere = |report: Option<String>| report.filter(|_| executions.runs_elsewhere());
        match executions.execute(&request, cancel) {
            Ok(done) => {
                let (result, cached) = (done.result.clone(), done.answered == AnswerSource::CacheHit);
                let termination = Termination::Exited(result.exit_code);
                Ok(Some(ActionEnd { result, cached, termination, report: elsewhere(done.report.clone()) }))
            }
            Err(ActionError::TimedOut { executed, .. }) => {
                let (result, cached, termination) = (executed.result, false, Termination::TimedOut);
                Ok(Some(ActionEnd { result, cached, termination, report: elsewhere(executed.report) }))
            }
            Err(ActionError::Cancelled) if cancel.is_cancelled() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Hands over what the action itself had answered, as far as that is known.
    fn record(
        &self,
        batch: &CommandBatch,
        answer: &Answer<'_>,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<(), ExecutionError> {
        let executions = self.executions.get()?;
        let recorded = subactions(&executions, &rights(batch), answer, cancel);
        if answer.elsewhere
            && let Some(unknown) = unrecorded(answer.result.subactions.len(), recorded.len())
        {
            BatchLog(&batch.log).line(&unknown)?;
        }
        if answer.elsewhere || !recorded.is_empty() {
            host.record(recorded);
        }
        Ok(())
    }
}

impl CommandRunner for ActionCommandRunner {
    fn run(
        &self,
        root: &mut Root,
        batch: &CommandBatch,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<BatchOutcome, ExecutionError> {
        let scripts = match self.scripts(root, batch)? {
            Ok(scripts) => scripts,
            Err(why) => return run_here(0, root, batch, host, cancel, &why),
        };
        for script in scripts {
            let outcome = match self.run_script(root, batch, &script, host, cancel) {
                Err(ExecutionError::Action(ActionError::LeftToClient { address })) => {
                    let (first, why) = (script.commands.start, NotAnAction::Left { address });
                    return run_here(first, root, batch, host, cancel, &why);
                }
                other => other?,
            };
            if outcome != BatchOutcome::Succeeded {
                return Ok(outcome);
            }
        }
        Ok(BatchOutcome::Succeeded)
    }

    fn takes_other_platforms(&self) -> bool {
        true
    }

    fn opens_sockets_elsewhere(&self) -> bool {
        let executions = self.executions.get();
        executions.is_ok_and(|executions| executions.opens_sockets() && executions.runs_elsewhere())
    }
}

/// Runs the commands from this one on in the root on this machine.
fn run_here(
    first: usize,
    root: &mut Root,
    batch: &CommandBatch,
    host: &mut dyn BatchHost,
    cancel: &Cancel,
    why: &NotAnAction,
) -> Result<BatchOutcome, ExecutionError> {
    let (os_family, isa) = (crate::platform::OS_FAMILY, crate::platform::isa());
    if batch.os_family != os_family || batch.isa != isa {
        return Err(ExecutionError::OtherPlatform {
            wanted: format!("{} {}", batch.os_family, batch.isa),
            host: format!("{os_family} {isa}"),
            why: why.to_string(),
        });
    }
    BatchLog(&batch.log).line(&format!("# on this machine and not as an action: {why}"))?;
    InPlaceRunner::run_from(first, root, batch, host, cancel)
}

/// The root with the directories that commands find, by its digest.
fn prepare(root: &mut Root, batch: &CommandBatch) -> Result<Digest, ExecutionError> {
    for path in directories(batch) {
        if root.subtree(&path)?.is_none() {
            root.make_directory(&path)?;
        }
    }
    root.digest()
}

/// What the action may have, and its own actions: what the commands have on this machine.
fn rights(batch: &CommandBatch) -> Rights {
    Rights::of_sandbox(false, batch.uid.unwrap_or(0), batch.gid.unwrap_or(0))
}

/// Where the directory was, from the root. Only what was asked for is taken.
fn path_of_output(
    batch: &CommandBatch,
    directory: &OutputDirectory,
    outputs: &[String],
) -> Result<String, ExecutionError> {
    let cwd = batch.cwd.trim_matches('/');
    let path =
        path::resolve("path of an output directory", cwd, &directory.path).map_err(ActionError::from)?;
    if !outputs.contains(&path) {
        let what = format!("its result has the directory '{}', which was not asked for", directory.path);
        return Err(ActionError::Invalid { what }.into());
    }
    Ok(path)
}

fn tree_of_output(cas: &spec_cas::Cas, directory: &OutputDirectory) -> Result<Digest, ExecutionError> {
    match (directory.root, directory.tree) {
        (Some(root), _) => Ok(root),
        (None, Some(tree)) => Ok(cas.store_directories_of_tree_message(&tree)?),
        (None, None) => {
            let what = format!("the output directory '{}' in its result has no digest", directory.path);
            Err(ActionError::Invalid { what }.into())
        }
    }
}
