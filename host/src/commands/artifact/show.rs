//! `artifact show`

use spec_session::remotes::CommandLineRemotes;

use super::shared::{StderrMonitor, caches_of_name};
use super::target::{ArtifactTarget, ArtifactTargets};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::print;
use crate::error::CommandResult;
use crate::signals;
use crate::term::TextRole;

/// Shows whether artifacts are cached.
pub(super) fn run(app: &App, deps: Deps, artifacts: &[String], line: &CommandLineRemotes) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, deps)?;
    let available = available(app, &targets, line)?;
    let line = |(target, available): (&ArtifactTarget, bool)| {
        let (state, ink) = state(target, available);
        format!(
            "{} {}\n",
            app.out.paint(ink, format_args!("{state:>12}")),
            app.out.paint(TextRole::Name, &target.shown)
        )
    };
    let text: String = targets.found.iter().zip(available).map(line).collect();
    // BuildStream ends its list with an empty line, which scripts see.
    print(&(text + "\n"))
}

/// Which of the targets are not cached here, and a server has them.
fn available(app: &App, targets: &ArtifactTargets, line: &CommandLineRemotes) -> CommandResult<Vec<bool>> {
    let mut available = vec![false; targets.found.len()];
    let missing = |target: &ArtifactTarget| target.artifact.is_none();
    let wanted: Vec<_> = targets.found.iter().enumerate().filter(|(_, target)| missing(target)).collect();
    let Some(first) = wanted.iter().find_map(|(_, target)| target.names.first()) else {
        return Ok(available);
    };
    let caches = caches_of_name(app, first, &targets.cas, line)?;
    let Some(artifacts) = caches.pulled_artifacts() else { return Ok(available) };
    let names: Vec<_> =
        wanted.iter().filter_map(|(at, target)| Some((*at, target.names.first()?.clone()))).collect();
    let monitor = StderrMonitor { app, cancel: signals::cancel()? };
    let asked: Vec<_> = names.iter().map(|(_, name)| name.clone()).collect();
    for ((at, _), known) in names.iter().zip(artifacts.find(&asked, &monitor)?) {
        available[*at] = known;
    }
    Ok(available)
}

/// bst's words for the state of an artifact.
fn state(target: &ArtifactTarget, available: bool) -> (&'static str, TextRole) {
    match &target.artifact {
        Some(artifact) if artifact.succeeded() => ("cached", TextRole::Good),
        Some(_) => ("failed", TextRole::Bad),
        None if available => ("available", TextRole::Good),
        None => ("not cached", TextRole::Bold),
    }
}
