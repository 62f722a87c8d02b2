//! `build`

use std::process::ExitCode;
use std::sync::Arc;

use spec_cas::{CasError, EvictionReport};
use spec_model::UserError;
use spec_session::{Build, BuildOptions, SharedCaches};

use super::shell::FailureShell;
use crate::app::App;
use crate::cli::BuildArgs;
use crate::error::CommandResult;
use crate::run::run as run_jobs;
use crate::session::quota;
use crate::term::format_size;

/// Builds elements.
///
/// # Errors
/// Errors before the first job starts.
pub(super) fn run(app: &App, args: &BuildArgs) -> CommandResult<ExitCode> {
    let (session, recording) = app.open_recorded_session(&args.elements, &args.recording)?;
    let (artifacts, sources) = (args.artifact_remotes.artifacts(), args.source_remotes.sources());
    let options = BuildOptions {
        caches: SharedCaches::of_session(&session, Some(&artifacts), Some(&sources))?,
        retry_failed: args.retry_failed || app.config.retry_failed,
        speculation: app.speculation_settings(&args.speculation, &session.project.config)?,
        quota: quota(&app.config, &session.cas)?,
    };
    let required = session.select(args.deps.unwrap_or(app.config.dependencies).scope());
    let (build, request) = Build::prepare(&session, &required, &options)?;
    let ended = run_jobs(app, request, Arc::new(FailureShell::new(session)));
    recording.finish(app);
    if let Some(evicted) = build.finish() {
        warn_of_quota(app, evicted);
    }
    ended
}

fn warn_of_quota(app: &App, evicted: Result<EvictionReport, CasError>) {
    match evicted {
        Ok(done) if done.is_over_quota() => {
            let (takes, most) = (format_size(done.bytes_after), format_size(done.max_bytes.unwrap_or(0)));
            app.warn("cache-in-use", &format!("the cache takes {takes}, not {most}: all of it is in use"));
        }
        Err(error) => app.warn(error.reason(), &format!("the cache cannot be kept small: {error}")),
        Ok(_) => {}
    }
}
