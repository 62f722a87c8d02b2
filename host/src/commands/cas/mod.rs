//! `cas ...`

mod pull;
mod push;

use std::process::ExitCode;

use spec_remote::{Remote, RemoteOptions, Tls, Token};
use tokio::runtime::Runtime;

use super::read_small;
use crate::app::App;
use crate::cli::{CasCommand, RemoteArgs};
use crate::error::{CommandError, CommandResult};

/// Moves trees.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &CasCommand) -> CommandResult<ExitCode> {
    match command {
        CasCommand::Push { what, remote } => push::run(app, what, remote),
        CasCommand::Pull { digest, path, remote } => pull::run(app, digest, path.as_deref(), remote),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> CommandResult<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| CommandError::io("start the runtime", &error))
}

async fn connect(app: &App, args: &RemoteArgs) -> CommandResult<Remote> {
    let mut options = RemoteOptions::new(args.url.parse()?);
    options.instance.clone_from(&args.instance);
    options.retries = app.config.network_retries;
    options.limits = app.config.bounds.trees;
    options.token =
        args.token.as_deref().map(read_small).transpose()?.map(|text| Token::Fixed(text.trim().to_owned()));
    options.tls = Tls {
        server_ca: args.tls_ca.as_deref().map(read_small).transpose()?,
        identity: match (&args.tls_certificate, &args.tls_key) {
            (Some(certificate), Some(key)) => Some((read_small(certificate)?, read_small(key)?)),
            _ => None,
        },
    };
    Ok(Remote::connect(options).await?)
}
