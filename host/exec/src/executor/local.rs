//! Executing on this machine.

use std::cell::RefCell;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Weak;
use std::time::{Duration, Instant, SystemTime};

use spec_cas::{Cas, CasError, SpecialFile};
use spec_model::{Action, ActionResult, ActionUsage, Cancel, Command, Span};
use spec_sandbox::{Command as Process, Ending, Outcome, Output, RootSpec, SandboxError};

use super::arena::{Arena, Medium};
use super::outputs::{Collector, Plan};
use super::platform::Demands;
use super::report::report;
use super::slowness::slow_down;
use super::stage::Stage;
use super::subtrees::Subtrees;
use super::{
    ActionError, Executed, Executor, Notes, OpenSocket, Order, RemoteApis, SocketOptions, load, path,
};

/// How often it is looked whether an action takes too much memory.
const LOOK: Duration = Duration::from_millis(100);

/// Of actions that nobody has asked for yet; one that is joined later keeps it, for only root may take it back. So it is
/// not the most there is: such an action has a tenth of a busy processor.
const PRIMED_NICE: u8 = 10;

/// What the executor on this machine may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOptions {
    /// The name of this machine in results.
    pub worker: String,
    /// Limit of wall-clock time for actions that name none.
    pub default_timeout: Duration,
    /// Actions that ask for more time are refused.
    pub max_timeout: Duration,
    /// Outputs on the standard streams up to this many bytes are in the result itself.
    pub inline_output: u64,
    /// Whether what actions write goes to memory (a tmpfs) while there is plenty of it.
    pub in_memory: bool,
    /// Every action takes at least so long, as on slower machines, for simulations.
    pub least: Duration,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            worker: "local".to_owned(),
            default_timeout: Duration::from_secs(3600),
            max_timeout: Duration::from_secs(24 * 3600),
            inline_output: 4096,
            in_memory: true,
            least: Duration::ZERO,
        }
    }
}

/// Runs actions in sandboxes of this machine.
#[derive(Debug)]
pub struct LocalExecutor {
    cas: Cas,
    arena: Arena,
    subtrees: Subtrees,
    options: LocalOptions,
    remote_apis: Option<Weak<dyn RemoteApis>>,
}

/// An action with everything it says checked.
struct Task {
    primed: bool,
    action: Action,
    command: Command,
    cwd: String,
    demands: Demands,
    plan: Plan,
    timeout: Duration,
}

/// What a command came to, and when.
struct Attempt {
    stage: Stage,
    fetched: Span,
    executed: Span,
    outcome: Result<Outcome, SandboxError>,
    /// What it had answered itself.
    asked: Notes,
}

impl LocalExecutor {
    /// An executor over a store.
    #[must_use]
    pub fn new(cas: Cas, options: LocalOptions) -> Self {
        let arena = Arena::new(cas.clone(), options.in_memory);
        let subtrees = Subtrees::new(cas.clone());
        Self { cas, arena, subtrees, options, remote_apis: None }
    }

    /// Has actions find a socket of `remote_apis` where their property `remoteApisSocketPath` says. Without one, such
    /// actions are refused.
    #[must_use]
    pub fn with_remote_apis(mut self, remote_apis: Weak<dyn RemoteApis>) -> Self {
        self.remote_apis = Some(remote_apis);
        self
    }

    fn socket(&self, task: &Task, asked: &Notes) -> Result<Option<Box<dyn OpenSocket>>, ActionError> {
        if task.demands.socket.is_none() {
            return Ok(None);
        }
        let Some(remote_apis) = self.remote_apis.as_ref().and_then(Weak::upgrade) else {
            let has = "no sockets for actions".to_owned();
            let value = task.demands.socket.clone().unwrap_or_default();
            return Err(ActionError::NoWorker { name: "remoteApisSocketPath".to_owned(), value, has });
        };
        let wanted = SocketOptions { recording: asked.recording(), update_results: false, for_action: true };
        Ok(Some(remote_apis.open(wanted)?))
    }

    fn task(&self, order: &Order) -> Result<Task, ActionError> {
        let action = &order.action;
        let command = load::command(&self.cas, &action.command)?;
        if command.arguments.is_empty() {
            return Err(ActionError::invalid("the command has no arguments; expected a program"));
        }
        // What trexe writes for the root.
        let cwd = if command.working_directory == "." { "" } else { &command.working_directory };
        let cwd = path::relative("working_directory", cwd)?.to_owned();
        let plan = Plan::new(&command, &cwd)?;
        let platform = action.platform.as_ref().or(command.platform.as_ref());
        let demands = platform.map(Demands::of).transpose()?.unwrap_or_default();
        let timeout = action.timeout.unwrap_or(self.options.default_timeout);
        if timeout > self.options.max_timeout {
            let most = self.options.max_timeout;
            return Err(ActionError::invalid(format!(
                "its timeout is {timeout:?}; expected at most {most:?}"
            )));
        }
        Ok(Task { primed: order.primed, action: action.clone(), command, cwd, demands, plan, timeout })
    }

    /// Runs the command in memory; on disk if it takes too much of it.
    fn attempt(&self, task: &Task, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let first = self.attempt_in(Medium::Memory, task, cancel);
        let worth_another = match &first {
            Ok(attempt) => attempt.stage.medium == Medium::Memory && !is_success(&attempt.outcome),
            // Staging may have filled the memory. What is not in the store is not there for a second attempt either.
            Err(error) => matches!(error, ActionError::Exhausted { .. } | ActionError::Internal { .. }),
        };
        if worth_another && self.arena.is_short(Medium::Memory) && !cancel.is_cancelled() {
            drop(first);
            return self.unless_full(self.attempt_in(Medium::Disk, task, cancel)?, cancel);
        }
        self.unless_full(first?, cancel)
    }

    /// A command that failed beside a full disk may have failed for want of room, and is not to blame.
    fn unless_full(&self, attempt: Attempt, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let failed = !is_success(&attempt.outcome) && !cancel.is_cancelled();
        if failed && attempt.stage.medium == Medium::Disk && self.arena.is_disk_full() {
            let place = self.cas.root().display();
            return Err(ActionError::Exhausted { what: format!("the command failed; {place} is full") });
        }
        Ok(attempt)
    }

    fn attempt_in(&self, medium: Medium, task: &Task, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let (began, start) = (Instant::now(), Some(SystemTime::now()));
        let (chroot, input_root) = (task.demands.chroot.as_ref(), &task.action.input_root);
        let cas = self.cas.clone().heeding(cancel);
        let stage = Stage::new(&cas, &self.arena, chroot, input_root, medium)?;
        let staged = Some(SystemTime::now());
        let directories = task.plan.parents().chain(Some(task.cwd.clone()).filter(|cwd| !cwd.is_empty()));
        let mut root = stage.spec(directories);
        // Only now: a tree that was staged is whole, and no deeper than paths may be long.
        root.subtrees = self.subtrees.of(input_root)?;
        let asked = Notes::default();
        let socket = self.socket(task, &asked)?;
        if let (Some(socket), Some(inside)) = (&socket, &task.demands.socket) {
            root.bind(socket.path(), inside, true);
        }
        let outcome = self.run(&root, &process(task, &stage)?, stage.medium, cancel);
        drop(socket);
        slow_down(began, self.options.least, cancel)?;
        let executed = Span { start: staged, end: Some(SystemTime::now()) };
        Ok(Attempt { stage, fetched: Span { start, end: staged }, executed, outcome, asked })
    }

    fn run(
        &self,
        root: &RootSpec,
        process: &Process,
        medium: Medium,
        cancel: &Cancel,
    ) -> Result<Outcome, SandboxError> {
        let mut running = spec_sandbox::spawn(root, process)?;
        let killer = running.killer();
        let _guard = cancel.on_cancel(move || killer.kill());
        loop {
            if let Some(outcome) = running.wait_until(Instant::now() + LOOK)? {
                return Ok(outcome);
            }
            if self.arena.is_short(medium) {
                running.kill();
            }
        }
    }

    /// The result, and what was passed by for it.
    fn result(
        &self,
        task: &Task,
        attempt: &Attempt,
        outcome: &Outcome,
        cancel: &Cancel,
    ) -> Result<(ActionResult, Vec<SpecialFile>), ActionError> {
        let Attempt { stage, .. } = attempt;
        let cas = self.cas.clone().heeding(cancel);
        let collector = Collector { cas: &cas, view: stage.view(&cas)?, special: RefCell::default() };
        let inline = self.options.inline_output;
        let mut result = ActionResult {
            exit_code: match outcome.ending {
                Ending::Exited(code) => code,
                Ending::Signaled(signal) => 128 + signal,
                Ending::TimedOut | Ending::Cancelled => 128 + 9,
            },
            stdout: collector.stream(&stage.beside("stdout"), inline)?,
            stderr: collector.stream(&stage.beside("stderr"), inline)?,
            subactions: attempt.asked.take().iter().map(|subaction| subaction.action).collect(),
            ..ActionResult::default()
        };
        collector.collect(&task.plan, &mut result)?;
        Ok((result, collector.special.into_inner()))
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, order: &Order, cancel: &Cancel) -> Result<Executed, ActionError> {
        let started = Some(SystemTime::now());
        let task = self.task(order)?;
        let attempt = self.attempt(&task, cancel)?;
        let upload = Some(SystemTime::now());
        let (mut result, special) = match &attempt.outcome {
            Ok(outcome) if outcome.ending == Ending::Cancelled => return Err(cancelled(cancel)),
            Ok(outcome) => self.result(&task, &attempt, outcome, cancel)?,
            Err(error) => (not_started(error, &task)?, vec![]),
        };
        let end = Some(SystemTime::now());
        let metadata = &mut result.metadata;
        metadata.worker.clone_from(&self.options.worker);
        metadata.queued = Some(order.queued);
        metadata.worked = Span { start: started, end };
        metadata.fetched = attempt.fetched;
        metadata.executed = attempt.executed;
        metadata.uploaded = Span { start: upload, end };
        metadata.usage = attempt.outcome.as_ref().ok().map(|outcome| ActionUsage {
            user: outcome.usage.user,
            system: outcome.usage.system,
            max_rss: outcome.usage.max_rss,
        });
        let outcome = attempt.outcome.as_ref().ok();
        let report = outcome.and_then(|outcome| report(outcome, &task.demands, task.timeout, special));
        let executed = Executed { result, report };
        match outcome {
            Some(Outcome { ending: Ending::TimedOut, .. }) => {
                Err(ActionError::TimedOut { after: task.timeout, executed: Box::new(executed) })
            }
            _ => Ok(executed),
        }
    }
}

fn process(task: &Task, stage: &Stage) -> Result<Process, ActionError> {
    let create = |name: &str| {
        let path = stage.beside(name);
        File::create(&path)
            .map(|file| Output::Fd(file.into()))
            .map_err(|error| CasError::writing(&path, error))
    };
    let variables = task.command.environment.iter();
    Ok(Process {
        environment: variables.map(|(name, value)| (name.into(), value.into())).collect(),
        cwd: PathBuf::from("/").join(&task.cwd),
        uid: task.demands.uid,
        gid: task.demands.gid,
        network: task.demands.network,
        stdout: create("stdout")?,
        stderr: create("stderr")?,
        timeout: Some(task.timeout),
        nice: if task.primed { PRIMED_NICE } else { 0 },
        ..Process::new(&task.command.arguments)
    })
}

fn is_success(outcome: &Result<Outcome, SandboxError>) -> bool {
    matches!(outcome, Ok(Outcome { ending: Ending::Exited(0), .. }))
}

/// A killed command without a request to cancel was too large for memory and for the disk.
fn cancelled(cancel: &Cancel) -> ActionError {
    match cancel.is_cancelled() {
        true => ActionError::Cancelled,
        false => ActionError::Exhausted { what: "the action wrote more than there is room for".to_owned() },
    }
}

/// A program that cannot be started is a failed command, as in a shell; all else is no result.
fn not_started(error: &SandboxError, task: &Task) -> Result<ActionResult, ActionError> {
    let exit_code = match error {
        SandboxError::CommandNotFound { .. } => 127,
        SandboxError::CommandNotExecutable { .. } => 126,
        SandboxError::BadSpec { .. } | SandboxError::Cwd { .. } => {
            return Err(ActionError::invalid(error.to_string()));
        }
        SandboxError::Setup { path, .. } if is_asked_for(task, path) => {
            return Err(ActionError::invalid(error.to_string()));
        }
        other => return Err(other.into()),
    };
    let hint = match task.demands.chroot {
        None => "the action names no chrootRootDigest, so the root has nothing but its own inputs\n",
        Some(_) => "",
    };
    let stderr = spec_model::Captured { raw: format!("{error}\n{hint}").into_bytes(), digest: None };
    Ok(ActionResult { exit_code, stderr, ..ActionResult::default() })
}

/// Whether a path of the sandbox is one that the action names.
fn is_asked_for(task: &Task, path: &std::path::Path) -> bool {
    let inside = path.strip_prefix("/").unwrap_or(path);
    task.plan.parents().any(|parent| inside.as_os_str() == parent.as_str())
        || inside.as_os_str() == task.cwd.as_str()
}
