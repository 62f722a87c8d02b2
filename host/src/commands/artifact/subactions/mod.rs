//! `artifact subactions`

mod json;
mod table;

use serde_json::{Value, json};
use spec_action::{command_of_action, record};
use spec_model::{Command, Subaction};
use spec_speculation::{NamedPolicy, Record};

use super::target::{ArtifactTarget, ArtifactTargets};
use crate::app::App;
use crate::cli::Deps;
use crate::commands::print;
use crate::error::CommandResult;
use crate::term::json_text;

/// A recorded action; its command may not be in the cache any more.
type SubactionWithCommand = (Subaction, Option<Command>);

/// Shows the actions that builds requested through their sockets.
pub(super) fn run(app: &App, as_json: bool, artifacts: &[String]) -> CommandResult {
    let targets = ArtifactTargets::find(app, artifacts, Deps::None)?;
    let mut text = String::new();
    let mut values = Vec::new();
    for target in &targets.found {
        let record = record_of(&targets, target)?;
        let policies = policies_of(&targets, target)?;
        if as_json {
            let subactions: Vec<Value> = record.iter().map(json::subaction).collect();
            let policies: Vec<Value> = policies.iter().map(json::policy).collect();
            values.push(json!({"artifact": target.shown, "subactions": subactions, "policies": policies}));
        } else {
            text += &format!("{}:\n{}", target.shown, table::draw(&record));
        }
    }
    if as_json {
        text = json_text(&Value::from(values), true) + "\n";
    }
    print(&text)
}

/// The policies of the session that recorded the build for the next ones. Later sessions carry its record forward.
fn policies_of(targets: &ArtifactTargets, target: &ArtifactTarget) -> CommandResult<Vec<NamedPolicy>> {
    let Some(digest) = target.cached()?.speculative_actions else { return Ok(Vec::new()) };
    // A record that is damaged or gone is no obstacle to showing the actions.
    Ok(Record::load(&targets.cas, &digest, &target.shown).map(|record| record.policies).unwrap_or_default())
}

fn record_of(targets: &ArtifactTargets, target: &ArtifactTarget) -> CommandResult<Vec<SubactionWithCommand>> {
    let Some(digest) = target.cached()?.subactions else { return Ok(Vec::new()) };
    let subactions = record::load(&targets.cas, &digest)?.into_iter();
    Ok(subactions
        .map(|subaction| {
            let command = command_of_action(&targets.cas, &subaction.action).ok();
            (subaction, command)
        })
        .collect())
}
