//! `artifact log`

use std::collections::HashSet;
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
    let mut written = HashSet::new();
    for (target, name, bytes) in &logs {
        let element = element_of(target);
        let is_only = logs.iter().filter(|(other, ..)| element_of(other) == element).count() == 1;
        // Names in a record are not trusted.
        let several = || format!("{element}-{}", name.trim_end_matches(".log").replace('/', "-"));
        let mut name = if is_only { element.clone() } else { several() };
        while !written.insert(name.clone()) {
            name.push('_');
        }
        fs::write(folder.join(name + ".log"), bytes).map_err(failed)?;
    }
    Ok(())
}

/// The name of the element, as it is in names of artifacts.
fn element_of(target: &ArtifactTarget) -> String {
    match target.names.first() {
        Some(name) => name.element().to_owned(),
        None => target.shown.trim_end_matches(".bst").replace(['/', ':'], "-"),
    }
}

fn logs_of(targets: &ArtifactTargets, target: &ArtifactTarget) -> CommandResult<Vec<(String, Vec<u8>)>> {
    let logs = &target.cached()?.logs;
    logs.iter().map(|log| Ok((log.name.clone(), targets.cas.get(&log.digest)?))).collect()
}
