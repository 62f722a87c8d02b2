//! `artifact ...`

mod checkout;
mod contents;
mod delete;
mod log;
mod show;
mod subactions;
mod target;

use std::process::ExitCode;

pub(super) use target::{ArtifactTarget, ArtifactTargets};

use crate::app::App;
use crate::cli::ArtifactCommand;
use crate::commands::unsupported;
use crate::error::CommandResult;

/// Looks into artifacts.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &ArtifactCommand) -> CommandResult<ExitCode> {
    match command {
        ArtifactCommand::Checkout(args) => checkout::run(app, args),
        ArtifactCommand::ListContents { long, artifacts } => contents::run(app, *long, artifacts),
        ArtifactCommand::Log { out, artifacts } => log::run(app, out.as_deref(), artifacts),
        ArtifactCommand::Show { deps, artifacts } => show::run(app, *deps, artifacts),
        ArtifactCommand::Subactions { json, artifacts } => subactions::run(app, *json, artifacts),
        ArtifactCommand::Pull(_) | ArtifactCommand::Push(_) => Err(unsupported::artifact_caches()),
        ArtifactCommand::Delete { deps, artifacts } => delete::run(app, *deps, artifacts),
    }?;
    Ok(ExitCode::SUCCESS)
}
