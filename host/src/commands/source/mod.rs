//! `source ...`

mod build_scripts;
mod checkout;
mod fetch;
mod push;
mod track;

use std::path::Path;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::SourceCommand;
use crate::error::CommandResult;
use crate::term::FailureHelper;

/// Fetches, tracks and looks into sources.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &SourceCommand) -> CommandResult<ExitCode> {
    match command {
        SourceCommand::Fetch(args) => fetch::run(app, args),
        SourceCommand::Track(selection) => track::run(app, selection),
        SourceCommand::Checkout(args) => checkout::run(app, args),
        SourceCommand::Push(args) => push::run(app, args),
    }
}

/// There is no help with failures of sources, which have no sandbox and no log.
pub(super) struct NoFailureHelp;

impl FailureHelper for NoFailureHelp {
    fn shell(&self, _element: usize) {
        eprintln!("there is no sandbox to go into");
    }

    fn log(&self, _path: &Path) {}
}
