//! `artifact delete`

use super::target::Targets;
use crate::app::App;
use crate::cli::Deps;
use crate::error::CommandResult;
use crate::term::tell;

/// Removes artifacts under all names they are known by.
pub(super) fn run(app: &App, deps: Deps, artifacts: &[String]) -> CommandResult {
    let targets = Targets::find(app, artifacts, deps)?;
    for target in &targets.found {
        let Some(artifact) = &target.artifact else {
            app.warn(
                "uncached-artifact",
                &format!("there is no artifact of '{}' in the cache", target.shown),
            );
            continue;
        };
        for name in &target.names {
            for key in [name.key(), artifact.keys.strong, artifact.keys.weak] {
                targets.artifacts.remove(&name.with_key(key))?;
            }
        }
        tell(&format!("removed {}\n", target.shown), app.err);
    }
    Ok(())
}
