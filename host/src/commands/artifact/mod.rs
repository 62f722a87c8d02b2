//! `artifact ...`

mod checkout;
mod contents;
mod delete;
mod log;
mod shared;
mod show;
mod subactions;
mod target;

use std::process::ExitCode;

pub(super) use target::{ArtifactTarget, ArtifactTargets};

use crate::app::App;
use crate::cli::ArtifactCommand;
use crate::error::CommandResult;

use shared::Direction;

/// Looks into artifacts.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &ArtifactCommand) -> CommandResult<ExitCode> {
    match command {
        ArtifactCommand::Checkout(args) => checkout::run(app, args),
        ArtifactCommand::ListContents { long, artifacts } => contents::run(app, *long, artifacts),
        ArtifactCommand::Log { out, artifacts } => log::run(app, out.as_deref(), artifacts),
        ArtifactCommand::Show { deps, remotes, artifacts } => {
            show::run(app, *deps, artifacts, &remotes.artifacts())
        }
        ArtifactCommand::Subactions { json, artifacts } => subactions::run(app, *json, artifacts),
        ArtifactCommand::Pull { deps, remotes, artifacts } => {
            return shared::run(app, Direction::Pull, *deps, artifacts, &remotes.artifacts());
        }
        ArtifactCommand::Push { deps, remotes, artifacts } => {
            return shared::run(app, Direction::Push, *deps, artifacts, &remotes.artifacts());
        }
        ArtifactCommand::Delete { deps, artifacts } => delete::run(app, *deps, artifacts),
    }?;
    Ok(ExitCode::SUCCESS)
}
