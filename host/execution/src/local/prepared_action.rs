//! An action with everything it says checked.

use std::time::Duration;

use spec_action::read_command;
use spec_cas::Cas;
use spec_model::{Action, Command};
use spec_sandbox::check_arguments;

use crate::expected_outputs::{ExpectedOutputs, working_directory};
use crate::local::options::LocalOptions;
use crate::local::requirements::PlatformRequirements;
use crate::outcome::ActionError;
use crate::request::ExecutorTask;
use crate::rights::Rights;

/// An action with everything it says checked.
pub(super) struct PreparedAction {
    pub(super) primed: bool,
    pub(super) action: Action,
    pub(super) command: Command,
    pub(super) cwd: String,
    pub(super) requirements: PlatformRequirements,
    pub(super) outputs: ExpectedOutputs,
    pub(super) timeout: Duration,
    /// The numbers that it runs under.
    pub(super) user: u32,
    pub(super) group: u32,
}

impl PreparedAction {
    /// Reads the command of an action, and checks both.
    ///
    /// # Errors
    /// [`ActionError::Missing`], [`ActionError::Invalid`], [`ActionError::NoWorker`].
    pub(super) fn of(cas: &Cas, options: &LocalOptions, task: &ExecutorTask) -> Result<Self, ActionError> {
        let action = &task.action;
        let command = read_command(cas, &action.command)?;
        check_texts(&command)?;
        let (cwd, outputs) = (working_directory(&command)?, ExpectedOutputs::of(&command)?);
        let platform = action.platform.as_ref().or(command.platform.as_ref());
        let requirements = platform.map(PlatformRequirements::of).transpose()?.unwrap_or_default();
        let timeout = action.timeout.unwrap_or(options.default_timeout);
        if timeout > options.max_timeout {
            let most = options.max_timeout;
            return Err(ActionError::invalid(format!(
                "its timeout is {timeout:?}; expected at most {most:?}"
            )));
        }
        let user = requirements.uid.unwrap_or(task.granted.user);
        let group = requirements.gid.unwrap_or(task.granted.group);
        let (primed, action) = (task.primed, action.clone());
        Ok(Self { primed, action, command, cwd, requirements, outputs, timeout, user, group })
    }

    /// What actions may have that this one asks for itself: no more than it has.
    pub(super) fn rights(&self) -> Rights {
        let rights = Rights::of_sandbox(self.requirements.network, self.user, self.group);
        Rights { timeout: Some(self.timeout), ..rights }
    }

    /// Directories that have to be there before the command runs, relative to the root.
    pub(super) fn directories(&self) -> impl Iterator<Item = String> {
        self.outputs.parents().chain(Some(self.cwd.clone()).filter(|cwd| !cwd.is_empty()))
    }
}

/// What the kernel passes to a program, and in which amount.
fn check_texts(command: &Command) -> Result<(), ActionError> {
    if command.arguments.first().is_none_or(String::is_empty) {
        return Err(ActionError::invalid(
            "the command has no arguments, or an empty first one; expected a program",
        ));
    }
    if command.arguments.iter().any(|argument| argument.contains('\0')) {
        return Err(ActionError::invalid("an argument holds a NUL"));
    }
    for (name, value) in &command.environment {
        let shown = shown(name);
        if name.is_empty() || name.contains('=') {
            return Err(ActionError::invalid(format!(
                "the environment variable '{shown}' has no possible name; expected one without '='"
            )));
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(ActionError::invalid(format!("the environment variable '{shown}' holds a NUL")));
        }
    }
    check_arguments(&command.arguments, &command.environment, None)
        .map_err(|error| ActionError::invalid(error.to_string()))
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}
