//! `artifact delete`

use super::target::ArtifactTargets;
use crate::app::App;
use crate::cli::Deps;
use crate::error::CommandResult;
use crate::term::write_stderr;

/// Removes artifacts under all their names.
pub(super) fn run(app: &App, deps: Deps, artifacts: &[String]) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, deps)?;
    for target in &targets.found {
        let mut removed = false;
        for name in &target.names {
            let keys = target.artifact.iter().flat_map(|artifact| [artifact.keys.strong, artifact.keys.weak]);
            for key in keys.chain([name.key()]) {
                removed |= targets.artifacts.remove(&name.with_key(key))?;
            }
        }
        match removed {
            true => write_stderr(&format!("removed {}\n", target.shown), app.err),
            false => app.warn(
                "uncached-artifact",
                &format!("there is no artifact of '{}' in the cache", target.shown),
            ),
        }
    }
    Ok(())
}
