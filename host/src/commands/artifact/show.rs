//! `artifact show`

use super::target::{ArtifactTarget, ArtifactTargets};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::print;
use crate::error::CommandResult;
use crate::term::TextRole;

/// Shows whether artifacts are cached.
pub(super) fn run(app: &App, deps: Deps, artifacts: &[String]) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, deps)?;
    let line = |target: &ArtifactTarget| {
        let (state, ink) = state(target);
        format!(
            "{} {}\n",
            app.out.paint(ink, format_args!("{state:>12}")),
            app.out.paint(TextRole::Name, &target.shown)
        )
    };
    print(&targets.found.iter().map(line).collect::<String>())
}

/// bst's words for the state of an artifact.
fn state(target: &ArtifactTarget) -> (&'static str, TextRole) {
    match &target.artifact {
        Some(artifact) if artifact.succeeded() => ("cached", TextRole::Good),
        Some(_) => ("failed", TextRole::Bad),
        None => ("not cached", TextRole::Bold),
    }
}
