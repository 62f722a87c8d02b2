//! How repositories are reached over ssh.

/// The program that connects to servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshProgram {
    /// A program of this name, which is called as OpenSSH's.
    Named(String),
    /// The beginning of a command of the shell, to which the arguments of OpenSSH's program are added.
    Shell(String),
}

/// How to connect over ssh. Keys, agents and hosts are the program's own affair: it reads `~/.ssh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshOptions {
    /// The program.
    pub program: SshProgram,
}

impl Default for SshOptions {
    fn default() -> Self {
        Self { program: SshProgram::Named("ssh".to_owned()) }
    }
}

impl SshOptions {
    /// The program of an environment in which `lookup` finds variables: that of `GIT_SSH_COMMAND`, or of `GIT_SSH`, as git
    /// reads them, or `ssh`.
    #[must_use]
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let program = match (given("GIT_SSH_COMMAND"), given("GIT_SSH")) {
            (Some(command), _) => SshProgram::Shell(command),
            (None, Some(program)) => SshProgram::Named(program),
            (None, None) => return Self::default(),
        };
        Self { program }
    }
}

#[cfg(test)]
mod tests;
