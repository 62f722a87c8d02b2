//! Errors that people read: what is wrong, whose fault it is, where, and what to do next.

mod render;

use std::process::ExitCode;

use spec_model::{Place, UserError};

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct CommandError(Box<Told>);

#[derive(Debug)]
struct Told {
    blame: Blame,
    reason: String,
    message: String,
    place: Option<Place>,
    causes: Vec<String>,
    hint: Option<String>,
}

/// What kind of error it is, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// What was asked for did not work out: exit code 1.
    Failure,
    /// The command line, the configuration or the project is wrong: exit code 2.
    Usage,
}

/// How a command ends.
pub(crate) type CommandResult<T = ()> = Result<T, CommandError>;

impl CommandError {
    /// An error of the program itself, with a stable `reason` code.
    pub(crate) fn new(blame: Blame, reason: &str, message: impl Into<String>) -> Self {
        let (reason, message) = (reason.to_owned(), message.into());
        Self(Box::new(Told { blame, reason, message, place: None, causes: Vec::new(), hint: None }))
    }

    /// Something that the user asked for wrongly.
    pub(crate) fn usage(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Blame::Usage, reason, message)
    }

    /// Something that did not work out.
    pub(crate) fn failure(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Blame::Failure, reason, message)
    }

    /// A file that could not be read or written; `doing` completes "cannot ...".
    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::failure("io-error", format!("cannot {doing}: {error}"))
    }

    /// The same error with advice what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error, blamed otherwise.
    pub(crate) fn blame(mut self, blame: Blame) -> Self {
        self.0.blame = blame;
        self
    }

    /// The stable code and the message.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.0.reason, &self.0.message)
    }

    /// Reason, place and message on one line.
    #[cfg(test)]
    pub(crate) fn summary(&self) -> String {
        let place = self.0.place.as_ref().map(|place| format!("{place} ")).unwrap_or_default();
        format!("{} {place}{}", self.0.reason, self.0.message)
    }

    /// The code the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.0.blame {
            _ if self.0.reason == "cancelled" => 130,
            Blame::Failure => 1,
            Blame::Usage => 2,
        })
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
        Self(Box::new(Told {
            blame: match error.blame() {
                spec_model::Blame::Usage | spec_model::Blame::Project | spec_model::Blame::Plugin => {
                    Blame::Usage
                }
                _ => Blame::Failure,
            },
            reason: error.reason().to_owned(),
            message: error.to_string(),
            place: error.place().cloned(),
            causes,
            hint: error.hint(),
        }))
    }
}

/// Blames an error on what the user wrote.
pub(crate) trait BlameUser<T> {
    /// The same result, with the error as one of the command line, the configuration or the project.
    ///
    /// # Errors
    /// The same.
    fn or_usage(self) -> CommandResult<T>;
}

impl<T, E: Into<CommandError>> BlameUser<T> for Result<T, E> {
    fn or_usage(self) -> CommandResult<T> {
        self.map_err(|error| error.into().blame(Blame::Usage))
    }
}

#[cfg(test)]
mod tests;
