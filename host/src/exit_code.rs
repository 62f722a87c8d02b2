//! The exit codes of the program. `docs/commands.md` has the table.

use std::process::ExitCode;

use spec_model::Blame;
use spec_scheduler::Summary;

/// The request could not be fulfilled.
const FAILED: u8 = 1;
/// The command line, the configuration, the project or a plugin is wrong.
const WRONG: u8 = 2;
/// Interrupted by a signal.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code of a command that an error ended.
pub(crate) fn of_error(blame: Blame) -> ExitCode {
    ExitCode::from(match blame {
        Blame::Usage | Blame::Project | Blame::Plugin => WRONG,
        Blame::Build | Blame::Remote | Blame::Machine | Blame::Us => FAILED,
        Blame::Cancelled => INTERRUPTED,
    })
}

/// The exit code of a command whose jobs ended.
pub(crate) fn of_summary(summary: &Summary) -> ExitCode {
    match (summary.interrupted, summary.failed.is_empty()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, false) => ExitCode::from(FAILED),
        (false, true) => ExitCode::SUCCESS,
    }
}
