//! `policy ...`

mod chosen_policy;
mod compare;
mod compared;
mod json;
pub(super) mod page_rows;
mod recordings;
mod replay;

use std::path::Path;
use std::process::ExitCode;

use spec_replay::RecordedSession;

use crate::app::App;
use crate::cli::PolicyCommand;
use crate::error::CommandResult;
use crate::recordings::find;

/// Lists recordings, or tries policies on them.
///
/// # Errors
/// What is wrong with a recording or a policy.
pub(super) fn run(app: &App, command: &PolicyCommand) -> CommandResult<ExitCode> {
    match command {
        PolicyCommand::Recordings => recordings::run(app)?,
        PolicyCommand::Replay(args) => replay::run(app, args)?,
        PolicyCommand::Compare(args) => compare::run(app, args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a recording of the command line.
fn open(app: &App, named: &Path) -> CommandResult<RecordedSession> {
    let session = RecordedSession::open(&find(app, named)?)?;
    if session.dropped() > 0 {
        let text = format!("{} lacks {} events, which came too fast", named.display(), session.dropped());
        app.warn("recording-incomplete", &text);
    }
    Ok(session)
}

/// A time in seconds.
fn seconds(micros: u64) -> String {
    format!("{:.2} s", micros as f64 / 1e6)
}

/// A change in percent, such as `-12.0 %`.
fn percent(now: u64, before: u64) -> String {
    format!("{:+.1} %", change(now, before))
}

fn change(now: u64, before: u64) -> f64 {
    if before == 0 { 0.0 } else { (now as f64 / before as f64 - 1.0) * 100.0 }
}
