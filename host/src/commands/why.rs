//! `why`

use std::process::ExitCode;

use super::print;
use crate::app::App;
use crate::cli::WhyArgs;
use crate::error::CommandResult;
use crate::term::json_text;
use crate::why;

/// Explains why an element's key changed.
///
/// # Errors
/// What is wrong with the project, or when there is nothing to compare with.
pub(super) fn run(app: &App, args: &WhyArgs) -> CommandResult<ExitCode> {
    let session = app.open_session(std::slice::from_ref(&args.element))?;
    let explanation = why::explain(&session, session.target()?, args.since.as_deref())?;
    let text = match args.json {
        true => json_text(&why::json(&session, &explanation), true) + "\n",
        false => why::text(&session, &explanation, app.out),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
