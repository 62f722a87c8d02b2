//! The trait of errors that users read.

use crate::file_position::FilePosition;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blame {
    /// The user's: the command line is wrong.
    Usage,
    /// The project's: a file of it, or the user configuration, is wrong.
    Project,
    /// A plugin's: it cannot be loaded, or it broke its contract.
    Plugin,
    /// A build's: a command of it failed, or what it should have made is not there.
    Build,
    /// A server's or the network's.
    Remote,
    /// This machine's: its disk, its kernel, or the state of its files.
    Machine,
    /// Ours: a fault in this program.
    #[default]
    Us,
    /// Nobody's: it was cancelled.
    Cancelled,
}

impl Blame {
    /// Its stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Project => "project",
            Self::Plugin => "plugin",
            Self::Build => "build",
            Self::Remote => "remote",
            Self::Machine => "machine",
            Self::Us => "us",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An error that a user will read: it has a stable code, perhaps a place, and says whose fault it is and what to do next.
///
/// Its message says what is wrong, where, and what was expected. Advice is in the hint, so that callers can show it apart.
pub trait UserError: std::error::Error + Send + Sync + 'static {
    /// A stable, machine-readable code such as `undefined-variable`.
    fn reason(&self) -> &str;

    /// Whose fault it is. It decides the exit code of a program that ends because of the error.
    fn blame(&self) -> Blame;

    /// Further lines that belong to the message.
    fn detail(&self) -> Option<String> {
        None
    }

    /// Where in the user's files the fault is, if it is in one.
    fn position(&self) -> Option<&FilePosition> {
        None
    }

    /// What the user can do next, if there is anything.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// The hint of an error about a limit that `setting` of the user configuration raises.
#[must_use]
pub fn limit_hint(setting: &str) -> String {
    format!("if it is meant to, set '{setting}' below 'limits' in the user configuration")
}
