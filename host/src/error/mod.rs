//! Errors that people read: what is wrong, whose fault it is, where, and what to do next.

mod render;

use std::process::ExitCode;

use spec_model::{Blame, FilePosition, UserError};

use crate::exit_code;

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct CommandError(Box<ErrorReport>);

/// The parts of an error.
#[derive(Debug)]
struct ErrorReport {
    blame: Blame,
    reason: String,
    message: String,
    detail: Option<String>,
    position: Option<FilePosition>,
    causes: Vec<String>,
    hint: Option<String>,
}

/// How a command ends.
pub(crate) type CommandResult<T = ()> = Result<T, CommandError>;

impl CommandError {
    /// An error with a stable `reason` code.
    pub(crate) fn new(blame: Blame, reason: &str, message: impl Into<String>) -> Self {
        let (reason, message) = (reason.to_owned(), message.into());
        let report = ErrorReport {
            blame,
            reason,
            message,
            detail: None,
            position: None,
            causes: Vec::new(),
            hint: None,
        };
        Self(Box::new(report))
    }

    /// An error of the command line.
    pub(crate) fn usage(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Blame::Usage, reason, message)
    }

    /// A file that could not be read or written; `action` completes "cannot ...".
    pub(crate) fn io(action: &str, error: &std::io::Error) -> Self {
        Self::new(Blame::Machine, "io-error", format!("cannot {action}: {error}"))
    }

    /// The same error with advice what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The stable code.
    #[cfg(test)]
    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Reason, place, message and hint on one line.
    #[cfg(test)]
    pub(crate) fn summary(&self) -> String {
        let position = self.0.position.as_ref().map(|position| format!("{position} ")).unwrap_or_default();
        let hint = self.0.hint.as_ref().map(|hint| format!(", {hint}")).unwrap_or_default();
        format!("{} {position}{}{hint}", self.0.reason, self.0.message)
    }

    /// What is wrong, without place, causes and advice.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The code the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        exit_code::of_error(self.0.blame)
    }
}

impl<E: UserError> From<E> for CommandError {
    fn from(error: E) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(below) = cause {
            causes.push(below.to_string());
            cause = below.source();
        }
        Self(Box::new(ErrorReport {
            blame: error.blame(),
            reason: error.reason().to_owned(),
            message: error.to_string(),
            detail: error.detail(),
            position: error.position().cloned(),
            causes,
            hint: error.hint(),
        }))
    }
}

#[cfg(test)]
mod tests;
