//! Running the commands of a plan, and those that integrate dependencies.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use spec_execution::{
    BatchCommand, BatchHost, BatchOutcome, CommandBatch, CommandStreams, ExecutionError, FailedCommand,
    RootCommand, WriteAccess,
};
use spec_model::{NodeKind, Subaction};
use spec_sandbox::{SandboxError, Termination, check_arguments};
use spec_strategy::{Command, CommandGroup, Step};

use crate::builder::Builder;
use crate::error::{BuildError, CommandFailure};
use crate::job::{BuildJob, BuildObserver, report_activity};
use crate::request::BuildRequest;
use crate::roots::ShellCommand;
use crate::socket::{BuildSocket, action_rights, build_ids, socket_path};
use crate::warning::Warning;

/// The group of commands that run once in a workspace.
const CONFIGURE: &str = "configure-commands";
/// The file in the build root that says that they did.
const PREPARED: &str = ".bst-prepared";

/// A command of a build, and what it is called.
struct BuildCommand {
    /// The setting that it comes from, such as `build-commands`.
    group: String,
    command: Command,
    /// What the build is doing meanwhile.
    activity: String,
    environment: Vec<(String, String)>,
}

/// What a batch of commands needs of its build.
struct JobHost<'a> {
    builder: &'a Builder,
    request: &'a BuildRequest<'a>,
    observer: &'a dyn BuildObserver,
    socket: &'a mut BuildSocket,
    commands: &'a [BuildCommand],
    /// The commands of the plan that were done before the batch, and all; absent where the batch has none of them.
    counted: Option<(u64, u64)>,
}

impl BuildJob<'_> {
    /// Runs the commands of groups that come one after the other.
    pub(crate) fn run_groups<'g>(
        &mut self,
        groups: impl Iterator<Item = &'g CommandGroup> + Clone,
    ) -> Result<(), BuildError> {
        let command = |group: &CommandGroup, command: &Command| BuildCommand {
            group: group.label.clone(),
            activity: brief(&command.label),
            environment: self.environment.clone(),
            command: command.clone(),
        };
        let commands: Vec<BuildCommand> = groups
            .clone()
            .flat_map(|group| group.commands.iter().map(move |one| command(group, one)))
            .collect();
        let commands = self.configured_once(commands)?;
        let marked = self.plan().marked_directories.clone();
        let access = match groups.clone().any(|group| group.read_only_root) {
            true => WriteAccess::Only(marked),
            false => WriteAccess::Everything(marked),
        };
        self.run_batch(&commands, self.working_directory(), access, true)?;
        self.commands_done += commands.len() as u64;
        Ok(())
    }

    /// The commands without those that configure, if an earlier build of the element's workspace has configured it; otherwise with one that
    /// says so to later builds, as BuildStream does.
    fn configured_once(&mut self, mut commands: Vec<BuildCommand>) -> Result<Vec<BuildCommand>, BuildError> {
        let configures = |command: &BuildCommand| command.group == CONFIGURE;
        let last = commands.iter().rposition(configures);
        let (Some(_), Some(folder), Some(last)) =
            (&self.element.workspace, self.element.variable("build-root"), last)
        else {
            return Ok(commands);
        };
        let tree = self.root.subtree(&folder)?;
        let cas = &self.builder.cas;
        let marker = tree.map(|tree| cas.lookup(&tree, PREPARED)).transpose()?.flatten();
        if marker.is_some() {
            commands.retain(|command| !configures(command));
            return Ok(commands);
        }
        let text = format!(": > '{folder}/{PREPARED}'");
        let argv = ["sh", "-c", &text].map(str::to_owned).to_vec();
        let mark = BuildCommand {
            group: CONFIGURE.to_owned(),
            command: Command { label: format!("note that {} is configured", self.element.name), argv },
            activity: "noting that it is configured".to_owned(),
            environment: self.environment.clone(),
        };
        commands.insert(last + 1, mark);
        Ok(commands)
    }

    /// Runs the integration commands of these elements, in their own environments.
    pub(crate) fn integrate(&mut self, elements: &[usize]) -> Result<(), BuildError> {
        let mut commands = Vec::new();
        for &index in elements {
            let element = &self.request.project.elements[index];
            for text in spec_artifact::integration_commands(element.artifact_public())? {
                let argv = ["sh", "-e", "-c", &text].map(str::to_owned).to_vec();
                commands.push(BuildCommand {
                    group: format!("integration-commands of {}", element.name),
                    command: Command { label: text, argv },
                    activity: format!("integrating {}", element.name),
                    environment: element.environment(),
                });
            }
        }
        self.run_batch(&commands, "/".to_owned(), WriteAccess::Everything(Vec::new()), false)
    }

    /// Refuses commands of the plan that could not be started, before anything is staged for them.
    pub(crate) fn check_commands(&self) -> Result<(), BuildError> {
        let environment = self.element.environment_data();
        let all = &environment.entries;
        if self.plan().runs_commands()
            && let Some((name, _)) = all.iter().find(|(_, node)| !matches!(node.kind, NodeKind::Scalar(_)))
        {
            return Err(BuildError::Environment { name: name.to_string() });
        }
        for step in &self.plan().steps {
            let Step::Run(group) = step else { continue };
            for command in &group.commands {
                check_length(&group.label, command, &self.environment)?;
            }
        }
        Ok(())
    }

    pub(crate) fn working_directory(&self) -> String {
        self.plan().working_directory.clone().unwrap_or_else(|| "/".to_owned())
    }

    /// Runs commands one after the other. `of_plan` says whether they are counted.
    fn run_batch(
        &mut self,
        commands: &[BuildCommand],
        cwd: String,
        access: WriteAccess,
        of_plan: bool,
    ) -> Result<(), BuildError> {
        if commands.is_empty() {
            return Ok(());
        }
        if self.cancel.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        for BuildCommand { group, command, environment, .. } in commands {
            check_length(group, command, environment)?;
        }
        if self.log.is_none() {
            // A build has its log by now: this is for a shell or a checkout.
            self.start_log("integration")?;
        }
        let Some(log) = &self.log else { return Ok(()) };
        let (batch, log) = (self.batch(commands, cwd, access, log.handle()?), log.path().to_owned());
        let counted = of_plan.then_some((self.commands_done, self.commands_total));
        let (builder, request, observer) = (self.builder, self.request, self.observer);
        let mut host = JobHost { builder, request, observer, socket: &mut self.socket, commands, counted };
        let ran = builder.commands.run(&mut self.root, &batch, &mut host, self.cancel);
        let failed = match ran.map_err(|error| command_error(error, &log))? {
            BatchOutcome::Succeeded => return Ok(()),
            BatchOutcome::Failed(FailedCommand { termination: Termination::Cancelled, .. })
                if self.cancel.is_cancelled() =>
            {
                return Err(BuildError::Cancelled);
            }
            BatchOutcome::Failed(failed) => failed,
        };
        let BuildCommand { group, command, .. } = &commands[failed.command];
        let (exit_code, signal) = ending(failed.termination);
        Err(BuildError::Command(Box::new(CommandFailure {
            group: group.clone(),
            command: command.label.trim_end().to_owned(),
            exit_code,
            signal,
            log,
            output_start: failed.output_start,
            has_buildtree: false,
        })))
    }

    fn batch(
        &self,
        commands: &[BuildCommand],
        cwd: String,
        access: WriteAccess,
        log: std::fs::File,
    ) -> CommandBatch {
        let (uid, gid) = build_ids(self.element);
        let command = |BuildCommand { group, command, environment, .. }: &BuildCommand| BatchCommand {
            heading: format!("{group}: {}", command.label.trim_end()),
            argv: command.argv.clone(),
            environment: environment.clone(),
        };
        CommandBatch {
            commands: commands.iter().map(command).collect(),
            cwd,
            uid,
            gid,
            access,
            socket: socket_path(self.element),
            trees: self.digest_trees.iter().map(|(tree, _)| *tree).collect(),
            user_namespaces: self.may_make_user_namespaces(),
            os_family: self.element.sandbox.build_os.clone(),
            isa: self.element.sandbox.build_arch.clone(),
            log,
        }
    }

    fn may_make_user_namespaces(&self) -> bool {
        self.builder.options.user_namespaces.contains(&*self.element.project)
    }

    /// A person's command, with the user numbers and the socket of the element.
    pub(crate) fn shell_command(
        &mut self,
        command: ShellCommand,
        cwd: String,
        access: WriteAccess,
    ) -> Result<RootCommand, BuildError> {
        let ShellCommand { argv, environment: others, network, mounts } = command;
        let mut environment = self.environment.clone();
        for (name, text) in others {
            environment.retain(|(other, _)| *other != name);
            environment.push((name, text));
        }
        let (uid, gid) = build_ids(self.element);
        let mut sockets = mounts;
        if let Some(inside) = socket_path(self.element) {
            let rights = action_rights(self.element, network);
            sockets.push((self.socket.open(self.builder, self.request, rights)?, inside));
        }
        Ok(RootCommand {
            argv,
            environment,
            cwd,
            uid,
            gid,
            access,
            streams: CommandStreams::Terminal,
            network,
            sockets,
            timeout: None,
            user_namespaces: self.may_make_user_namespaces(),
        })
    }
}

impl BatchHost for JobHost<'_> {
    fn begin(&mut self, commands: Range<usize>) {
        let first = &self.commands[commands.start].activity;
        let activity = match commands.len() {
            1 => first.clone(),
            several => format!("running {several} commands as one action"),
        };
        let counted = self.counted.map(|(done, total)| (done + commands.start as u64, total));
        report_activity(self.observer, &activity, counted);
    }

    fn open_socket(&mut self) -> Result<PathBuf, ExecutionError> {
        let rights = action_rights(self.request.element(), false);
        self.socket.open(self.builder, self.request, rights)
    }

    fn record(&mut self, subactions: Vec<Subaction>) {
        // Commands that integrate request nothing, as a rule.
        let is_unknown = subactions.is_empty() && self.counted.is_some();
        if is_unknown && !self.builder.told_unrecorded.swap(true, Ordering::Relaxed) {
            self.observer.warning(Warning::of_unrecorded());
        }
        let recording = self.socket.recording(self.builder, self.request);
        // What the answers tell is nothing that any of the requests could still profit from.
        subactions.iter().for_each(|subaction| recording.asked_before(&subaction.action));
        subactions.into_iter().for_each(|subaction| recording.record(|| subaction));
    }
}

fn check_length(group: &str, command: &Command, environment: &[(String, String)]) -> Result<(), BuildError> {
    check_arguments(&command.argv, environment, None).map_err(|error| BuildError::CommandTooLong {
        group: group.to_owned(),
        command: beginning(&brief(&command.label)),
        error,
    })
}

/// As much of a command as a message can have.
fn beginning(command: &str) -> String {
    const MOST: usize = 60;
    match command.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

/// Exit code and signal of a command.
fn ending(termination: Termination) -> (Option<i32>, Option<i32>) {
    match termination {
        Termination::Exited(code) => (Some(code), None),
        Termination::Signaled(signal) => (None, Some(signal)),
        Termination::TimedOut | Termination::Cancelled => (None, None),
    }
}

fn command_error(error: ExecutionError, log: &std::path::Path) -> BuildError {
    match error {
        ExecutionError::Sandbox(SandboxError::CommandNotFound { program, .. }) => {
            BuildError::MissingCommand { command: program }
        }
        ExecutionError::Log { source } => BuildError::Log { action: "write", path: log.to_owned(), source },
        other => other.into(),
    }
}

/// The first line of a command, for a status line.
fn brief(label: &str) -> String {
    label.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
