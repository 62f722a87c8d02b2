//! An action with everything it says checked.

use std::time::Duration;

use spec_cas::Cas;
use spec_model::{Action, Command};

use super::outputs::{Plan, working_directory};
use super::platform::Demands;
use super::{ActionError, LocalOptions, Order, Rights, load};

/// Bytes of one argument or variable, with the zero at its end (`MAX_ARG_STRLEN`).
const LONGEST_TEXT: usize = 128 << 10;
/// Bytes of all of them and of the pointers to them, with the largest stack. Most machines have a smaller one, and take
/// less.
const MOST_TEXT: usize = 6 << 20;
const POINTER: usize = 8;

/// An action with everything it says checked.
pub(super) struct Task {
    pub(super) primed: bool,
    pub(super) action: Action,
    pub(super) command: Command,
    pub(super) cwd: String,
    pub(super) demands: Demands,
    pub(super) plan: Plan,
    pub(super) timeout: Duration,
    /// The numbers that it runs under.
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Task {
    /// Reads the command of an action, and checks both.
    ///
    /// # Errors
    /// [`ActionError::Missing`], [`ActionError::Invalid`], [`ActionError::NoWorker`].
    pub(super) fn of(cas: &Cas, options: &LocalOptions, order: &Order) -> Result<Self, ActionError> {
        let action = &order.action;
        let command = load::command(cas, &action.command)?;
        check_texts(&command)?;
        let (cwd, plan) = (working_directory(&command)?, Plan::of(&command)?);
        let platform = action.platform.as_ref().or(command.platform.as_ref());
        let demands = platform.map(Demands::of).transpose()?.unwrap_or_default();
        let timeout = action.timeout.unwrap_or(options.default_timeout);
        if timeout > options.max_timeout {
            let most = options.max_timeout;
            return Err(ActionError::invalid(format!(
                "its timeout is {timeout:?}; expected at most {most:?}"
            )));
        }
        let user = demands.uid.unwrap_or(order.granted.user);
        let group = demands.gid.unwrap_or(order.granted.group);
        let (primed, action) = (order.primed, action.clone());
        Ok(Self { primed, action, command, cwd, demands, plan, timeout, user, group })
    }

    /// What actions may have that this one asks for itself: no more than it has.
    pub(super) fn rights(&self) -> Rights {
        let rights = Rights::of_sandbox(self.demands.network, self.user, self.group);
        Rights { timeout: Some(self.timeout), ..rights }
    }

    /// Directories that have to be there before the command runs, relative to the root.
    pub(super) fn directories(&self) -> impl Iterator<Item = String> {
        self.plan.parents().chain(Some(self.cwd.clone()).filter(|cwd| !cwd.is_empty()))
    }
}

/// What the kernel passes to a program, and in which amount.
fn check_texts(command: &Command) -> Result<(), ActionError> {
    if command.arguments.first().is_none_or(String::is_empty) {
        return Err(ActionError::invalid(
            "the command has no arguments, or an empty first one; expected a program",
        ));
    }
    let mut total = 0;
    for argument in &command.arguments {
        total += check_text("an argument", argument.len(), argument.contains('\0'))?;
    }
    for (name, value) in &command.environment {
        if name.is_empty() || name.contains('=') {
            let shown = shown(name);
            return Err(ActionError::invalid(format!(
                "the environment variable '{shown}' has no possible name; expected one without '='"
            )));
        }
        let has_nul = name.contains('\0') || value.contains('\0');
        let what = format!("the environment variable '{}'", shown(name));
        total += check_text(&what, name.len() + 1 + value.len(), has_nul)?;
    }
    match total > MOST_TEXT {
        true => Err(ActionError::invalid(format!(
            "its arguments and environment take {total} bytes; programs are given at most {MOST_TEXT}"
        ))),
        false => Ok(()),
    }
}

/// What a text of this length costs.
fn check_text(what: &str, length: usize, has_nul: bool) -> Result<usize, ActionError> {
    if has_nul {
        return Err(ActionError::invalid(format!("{what} holds a NUL")));
    }
    if length >= LONGEST_TEXT {
        let most = LONGEST_TEXT - 1;
        return Err(ActionError::invalid(format!(
            "{what} has {length} bytes; programs are given at most {most}"
        )));
    }
    Ok(length + 1 + POINTER)
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}
