//! `artifact log`

use std::fs;
use std::path::Path;

use super::target::{ArtifactTarget, ArtifactTargets};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::pager;
use crate::error::{CommandError, CommandResult};

/// Shows the logs of builds, or writes them to files in a new folder.
pub(super) fn run(app: &App, out: Option<&Path>, artifacts: &[String]) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, Deps::None)?;
    let mut logs = Vec::new();
    for target in &targets.found {
        for (name, bytes) in logs_of(&targets, target)? {
            logs.push((target, name, bytes));
        }
    }
    let Some(folder) = out else {
        let all: String = logs.iter().map(|(_, _, bytes)| String::from_utf8_lossy(bytes)).collect();
        return pager::show(&all);
    };
    let failed = |error: std::io::Error| CommandError::io(&format!("write to {}", folder.display()), &error);
    fs::create_dir(folder).map_err(failed)?;
    for (target, name, bytes) in logs {
        let element = target.shown.trim_end_matches(".bst").replace(['/', ':'], "-");
        // Names in a record are not trusted.
        let name = format!("{element}-{name}").replace('/', "-");
        fs::write(folder.join(name), bytes).map_err(failed)?;
    }
    Ok(())
}

fn logs_of(targets: &ArtifactTargets, target: &ArtifactTarget) -> CommandResult<Vec<(String, Vec<u8>)>> {
    let logs = &target.cached()?.logs;
    logs.iter().map(|log| Ok((log.name.clone(), targets.cas.get(&log.digest)?))).collect()
}
