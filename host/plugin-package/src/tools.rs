//! Runs the tools of a plugin's language.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{PackageError, Result};
use crate::world::Language;

/// A tool that a language needs.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) language: Language,
    /// The command that installs it.
    pub(crate) install: String,
}

impl Tool {
    /// A tool that is installed in a plugin's folder.
    pub(crate) fn of_folder(name: &'static str, language: Language, folder: &Path) -> Self {
        let install = language.tools_command().unwrap_or_default();
        Self { name, language, install: format!("cd {} && {install}", folder.display()) }
    }

    /// The error that it is not there.
    pub(crate) fn missing(&self, why: impl Into<String>) -> PackageError {
        PackageError::ToolMissing {
            tool: self.name,
            language: self.language.as_str(),
            why: why.into(),
            install: self.install.clone(),
        }
    }

    /// Its file, if it is at this path.
    pub(crate) fn at(&self, path: &Path) -> Result<PathBuf> {
        // Tools that were installed beside each other find each other by their real place.
        let found = path.is_file().then(|| std::path::absolute(path).ok()).flatten();
        found.ok_or_else(|| self.missing(format!("{} is not there", path.display())))
    }
}

/// A command in a folder, without input. Its messages go to the standard error, so that those of this program stay apart.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started, or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let stderr = std::io::stderr();
    let own = std::os::fd::AsFd::as_fd(&stderr).try_clone_to_owned();
    let own = own.map_err(|error| PackageError::io("use", Path::new("the standard error"), error))?;
    let status = command.stdout(Stdio::from(own)).status();
    let failed = |status: String| PackageError::ToolFailed { tool: name(command), status };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// What a command prints; `None` when it cannot be started, or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Whether a program is in `PATH`.
pub(crate) fn is_in_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.take(3).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
