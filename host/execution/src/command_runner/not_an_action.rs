//! Why commands are not made an action.

use std::fmt;

/// Why the commands of a batch are not made an action, and run in the root on this machine instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotAnAction {
    /// No property of a platform asks for user namespaces.
    UserNamespaces,
    /// The executor has no sockets for actions.
    NoSocket,
    /// Whoever executes actions does not execute those of elements with a socket at present.
    Left {
        /// Who might execute them.
        address: String,
    },
    /// The path of a directory that commands may write to leads over something else.
    Blocked {
        /// The directory.
        path: String,
        /// What is in the way.
        found: &'static str,
    },
    /// A shell cannot set it.
    Variable {
        /// Its name.
        name: String,
    },
    /// The script with the command is longer than a program's argument can be.
    TooLong {
        /// The command.
        heading: String,
    },
}

impl fmt::Display for NotAnAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserNamespaces => f.write_str("they may make user namespaces, which no action may"),
            Self::NoSocket => {
                f.write_str("they want a remote-apis-socket, and the executor has none for actions")
            }
            Self::Left { address } => write!(f, "{address} does not execute them at present"),
            Self::Blocked { path, found } => {
                write!(f, "they write to '{path}', and there is a {found} on the way")
            }
            Self::Variable { name } => write!(f, "no shell can set their environment variable '{name}'"),
            Self::TooLong { heading } => {
                let first: String = heading.lines().next().unwrap_or_default().chars().take(60).collect();
                write!(f, "the command '{first}' is too long for a script")
            }
        }
    }
}
