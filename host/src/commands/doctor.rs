//! `doctor`

use std::process::ExitCode;

use super::print;
use crate::app::App;
use crate::doctor::{Finding, Health, examine, examine_servers};
use crate::error::CommandResult;
use crate::term::TextRole;

/// Shows what this machine lacks and how to fix it.
///
/// # Errors
/// When the standard output cannot be written.
pub(super) fn run(app: &App) -> CommandResult<ExitCode> {
    let mut findings = examine(&app.config, app.globals.directory());
    findings.extend(examine_servers(app));
    let mut text: String = findings.iter().map(|finding| line(app, finding)).collect();
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    text += if bad { "\nspec-host cannot build here yet.\n" } else { "\nspec-host can build here.\n" };
    print(&text)?;
    Ok(ExitCode::from(u8::from(bad)))
}

fn line(app: &App, finding: &Finding) -> String {
    let mark = match finding.health {
        Health::Good => app.out.paint(TextRole::Good, "ok  "),
        Health::Poor => app.out.paint(TextRole::Warning, "poor"),
        Health::Bad => app.out.paint(TextRole::Bad, "BAD "),
    };
    let mut text = format!("{mark} {:<28} {}\n", finding.name, finding.detail);
    if !finding.remedy.is_empty() {
        text += &format!("     {}: {}\n", app.out.paint(TextRole::Good, "help"), finding.remedy);
    }
    text
}
