//! `artifact show`

use super::target::{Target, Targets};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::say;
use crate::error::CommandResult;
use crate::term::Ink;

/// Shows whether artifacts are cached.
pub(super) fn run(app: &App, deps: Deps, artifacts: &[String]) -> CommandResult {
    let targets = Targets::find(app, artifacts, deps)?;
    let line = |target: &Target| {
        let (state, ink) = state(target);
        format!(
            "{} {}\n",
            app.out.paint(ink, format_args!("{state:>12}")),
            app.out.paint(Ink::Name, &target.shown)
        )
    };
    say(&targets.found.iter().map(line).collect::<String>())
}

/// bst's words for the state of an artifact.
fn state(target: &Target) -> (&'static str, Ink) {
    match &target.artifact {
        Some(artifact) if artifact.succeeded() => ("cached", Ink::Good),
        Some(_) => ("failed", Ink::Bad),
        None => ("not cached", Ink::Bold),
    }
}
