//! Executing on this machine.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Weak;
use std::time::{Duration, Instant, SystemTime};

use spec_cas::{Cas, SpecialFile};
use spec_model::{ActionResult, ActionUsage, Cancel, TimeSpan};
use spec_sandbox::{Command as Process, Ending, Outcome, Output, RootSpec, SandboxError, Stream};

use super::arena::{Arena, Medium};
use super::limits::{ActionLimits, Stop, Watch};
use super::outputs::Collector;
use super::report::report;
use super::slowness::slow_down;
use super::spool::Spool;
use super::stage::Stage;
use super::subtrees::Subtrees;
use super::task::Task;
use super::unstarted::Unstarted;
use super::{ActionError, Executed, Executor, Notes, OpenSocket, Order, RemoteApis, SocketOptions};

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
    /// How much one action may write.
    pub limits: ActionLimits,
    /// To bring the inputs of an action, and to store its outputs, may each take as long as its command may, but at least
    /// so long.
    pub transfer: Duration,
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
            limits: ActionLimits::default(),
            transfer: Duration::from_secs(60),
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

/// What a command came to, and when.
struct Attempt {
    stage: Stage,
    fetched: TimeSpan,
    executed: TimeSpan,
    outcome: Result<Outcome, Unstarted>,
    /// Why it was killed, if it was for what it took.
    stopped: Option<Stop>,
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
        let (recording, rights) = (asked.recording(), task.rights());
        let wanted = SocketOptions { recording, update_results: false, for_action: true, rights };
        Ok(Some(remote_apis.open(wanted)?))
    }

    /// Runs the command in memory; on disk if it takes too much of it.
    fn attempt(&self, task: &Task, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let first = self.attempt_in(Medium::Memory, task, cancel);
        let short = || self.arena.is_short(Medium::Memory);
        let worth_another = match &first {
            Ok(Attempt { stage, .. }) if stage.medium == Medium::Disk => false,
            Ok(Attempt { stopped: Some(Stop::Memory), .. }) => true,
            Ok(Attempt { stopped: Some(Stop::TooLarge(_)), .. }) => false,
            Ok(attempt) => !is_success(&attempt.outcome) && short(),
            // Staging may have filled the memory. What is not in the store is not there for a second attempt either.
            Err(ActionError::Exhausted { .. } | ActionError::Internal { .. }) => short(),
            Err(_) => false,
        };
        if worth_another && !cancel.is_cancelled() {
            drop(first);
            return self.unless_full(self.attempt_in(Medium::Disk, task, cancel)?, cancel);
        }
        self.unless_full(first?, cancel)
    }

    /// A command that failed beside a full disk may have failed for want of room, and is not to blame.
    fn unless_full(&self, attempt: Attempt, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let failed = !is_success(&attempt.outcome) && !cancel.is_cancelled();
        if failed && attempt.stage.medium == Medium::Disk && self.arena.is_disk_full() {
            let what = "the command failed, and the disk of the store is full".to_owned();
            return Err(ActionError::Exhausted { what });
        }
        Ok(attempt)
    }

    fn attempt_in(&self, medium: Medium, task: &Task, cancel: &Cancel) -> Result<Attempt, ActionError> {
        let (began, start) = (Instant::now(), Some(SystemTime::now()));
        let (chroot, input_root) = (task.demands.chroot.as_ref(), &task.action.input_root);
        let cas = self.cas.clone().with_cancel(&cancel.until(began + self.transfer(task)));
        let stage = Stage::new(&cas, &self.arena, chroot, input_root, medium)?;
        let staged = Some(SystemTime::now());
        let mut root = stage.spec(task.directories());
        // Only now: a tree that was staged is whole, and no deeper than paths may be long.
        root.subtrees = self.subtrees.of(input_root)?;
        let asked = Notes::default();
        let socket = self.socket(task, &asked)?;
        if let (Some(socket), Some(inside)) = (&socket, &task.demands.socket) {
            root.bind(socket.path(), inside, true);
        }
        let mut watch = Watch::new(&self.arena, &stage, self.options.limits);
        let mut stopped = None;
        let outcome = run(&root, task, &stage, cancel, || {
            stopped = watch.look();
            stopped.is_some()
        });
        let at = socket.as_ref().map(|socket| socket.path());
        let outcome = outcome.map_err(|error| Unstarted::of(&error, task, &root, at));
        drop(socket);
        slow_down(began, self.options.least, cancel)?;
        let executed = TimeSpan { start: staged, end: Some(SystemTime::now()) };
        Ok(Attempt { stage, fetched: TimeSpan { start, end: staged }, executed, outcome, stopped, asked })
    }

    fn transfer(&self, task: &Task) -> Duration {
        task.timeout.max(self.options.transfer)
    }

    /// What there is of a result, and what of the outputs no tree can hold.
    fn result(
        &self,
        task: &Task,
        attempt: &Attempt,
        outcome: &Outcome,
        cancel: &Cancel,
    ) -> Result<(ActionResult, Vec<SpecialFile>), ActionError> {
        let Attempt { stage, .. } = attempt;
        let cas = self.cas.clone().with_cancel(&cancel.until(Instant::now() + self.transfer(task)));
        let LocalOptions { inline_output, limits, .. } = self.options;
        let collector = Collector::new(&cas, stage.view(&cas)?, limits);
        let mut result = ActionResult {
            exit_code: match outcome.ending {
                Ending::Exited(code) => code,
                Ending::Signaled(signal) => 128 + signal,
                Ending::TimedOut | Ending::Cancelled => 128 + 9,
            },
            stdout: collector.stream(&stage.beside("stdout"), inline_output)?,
            stderr: collector.stream(&stage.beside("stderr"), inline_output)?,
            subactions: attempt.asked.take().iter().map(|subaction| subaction.action).collect(),
            ..ActionResult::default()
        };
        let special = collector.collect(&task.plan, &mut result)?;
        Ok((result, special))
    }

    fn execute_task(&self, task: &Task, order: &Order, cancel: &Cancel) -> Result<Executed, ActionError> {
        let started = Some(SystemTime::now());
        let attempt = self.attempt(task, cancel)?;
        let upload = Some(SystemTime::now());
        let (mut result, special) = match &attempt.outcome {
            Ok(outcome) if outcome.ending == Ending::Cancelled => return Err(killed(&attempt, cancel)),
            Ok(outcome) => self.result(task, &attempt, outcome, cancel)?,
            Err(Unstarted::Failed(result)) => (ActionResult::clone(result), Vec::new()),
            Err(Unstarted::Refused(error)) => return Err(error.clone()),
        };
        let end = Some(SystemTime::now());
        let metadata = &mut result.metadata;
        metadata.worker.clone_from(&self.options.worker);
        metadata.queued = Some(order.queued);
        metadata.worked = TimeSpan { start: started, end };
        metadata.fetched = attempt.fetched;
        metadata.executed = attempt.executed;
        metadata.uploaded = TimeSpan { start: upload, end };
        metadata.usage = attempt.outcome.as_ref().ok().map(|outcome| ActionUsage {
            user: outcome.usage.user,
            system: outcome.usage.system,
            max_rss: outcome.usage.max_rss,
        });
        let outcome = attempt.outcome.as_ref().ok();
        let report = outcome.and_then(|outcome| report(outcome, task, special));
        let executed = Executed { result, report };
        match outcome {
            Some(Outcome { ending: Ending::TimedOut, .. }) => {
                Err(ActionError::TimedOut { after: task.timeout, executed: Box::new(executed) })
            }
            _ => Ok(executed),
        }
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, order: &Order, cancel: &Cancel) -> Result<Executed, ActionError> {
        let task = Task::of(&self.cas, &self.options, order)?;
        self.execute_task(&task, order, cancel).map_err(|error| match error {
            // Nobody gave it up: to bring its inputs, or to store its outputs, took too long.
            ActionError::Cancelled if !cancel.is_cancelled() => {
                let result = ActionResult { exit_code: 128 + 9, ..ActionResult::default() };
                let executed = Box::new(Executed { result, report: None });
                ActionError::TimedOut { after: self.transfer(&task), executed }
            }
            other => other,
        })
    }
}

/// Runs a command to its end, or until it takes too much.
fn run(
    root: &RootSpec,
    task: &Task,
    stage: &Stage,
    cancel: &Cancel,
    mut takes_too_much: impl FnMut() -> bool,
) -> Result<Outcome, SandboxError> {
    let stream = |name: &str| Stream::new(Spool::new(stage.beside(name)));
    let failed = |source| SandboxError::Output { source };
    let (stdout, stdout_end) = stream("stdout").map_err(failed)?;
    let (stderr, stderr_end) = stream("stderr").map_err(failed)?;
    let (mut streams, process) = ([stdout, stderr], process(task, stdout_end, stderr_end));
    let mut running = spec_sandbox::spawn(root, &process)?;
    let killer = running.killer();
    let _guard = cancel.on_cancel(move || killer.kill());
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

fn process(task: &Task, stdout: OwnedFd, stderr: OwnedFd) -> Process {
    let variables = task.command.environment.iter();
    Process {
        environment: variables.map(|(name, value)| (name.into(), value.into())).collect(),
        cwd: PathBuf::from("/").join(&task.cwd),
        uid: task.user,
        gid: task.group,
        network: task.demands.network,
        stdout: Output::Fd(stdout),
        stderr: Output::Fd(stderr),
        timeout: Some(task.timeout),
        nice: if task.primed { PRIMED_NICE } else { 0 },
        ..Process::new(&task.command.arguments)
    }
}

fn is_success(outcome: &Result<Outcome, Unstarted>) -> bool {
    matches!(outcome, Ok(Outcome { ending: Ending::Exited(0), .. }))
}

/// A killed command without a request to cancel took too much.
fn killed(attempt: &Attempt, cancel: &Cancel) -> ActionError {
    match &attempt.stopped {
        _ if cancel.is_cancelled() => ActionError::Cancelled,
        Some(Stop::TooLarge(error)) => error.clone(),
        _ => ActionError::Exhausted { what: "the action wrote more than there is room for".to_owned() },
    }
}
