//! `source ...`

mod checkout;
mod fetch;
mod track;

use std::path::Path;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::SourceCommand;
use crate::commands::unsupported;
use crate::error::CommandResult;
use crate::term::FailureHelper;

/// Fetches, tracks and looks into sources.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &SourceCommand) -> CommandResult<ExitCode> {
    match command {
        SourceCommand::Fetch(selection) => fetch::run(app, selection),
        SourceCommand::Track(selection) => track::run(app, selection),
        SourceCommand::Checkout(args) => checkout::run(app, args),
        SourceCommand::Push(_) => Err(unsupported::source_caches()),
    }
}

/// There is no help with failures of sources, which have no sandbox and no log.
struct NoFailureHelp;

impl FailureHelper for NoFailureHelp {
    fn shell(&self, _element: usize) {
        eprintln!("there is no sandbox to go into");
    }

    fn log(&self, _path: &Path) {}
}
