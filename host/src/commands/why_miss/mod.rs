//! `why-miss`

mod json;
mod text;

use std::collections::HashSet;
use std::process::ExitCode;

use spec_action::{command_of_action, record};
use spec_artifact::Artifact;
use spec_cas::Cas;
use spec_model::{AnswerSource, Blame, Digest};
use spec_speculation::{ActionDifference, Miss, diff_actions, load_misses};

use super::artifact::{ArtifactTarget, ArtifactTargets};
use super::print;
use crate::app::App;
use crate::cli::{Deps, WhyMissArgs};
use crate::error::{CommandError, CommandResult};
use crate::term::json_text;

/// The misses of the build of one artifact.
struct MissReport {
    /// The name of the artifact for people.
    shown: String,
    /// Actions that were predicted wrongly, or not at all.
    misses: Vec<ExplainedMiss>,
    /// Actions that were executed on request, and that have no recorded counterpart.
    strange: Vec<(Digest, String)>,
}

/// A miss, with its command and differences.
struct ExplainedMiss {
    miss: Miss,
    /// The command line, if it is still in the cache.
    command: Option<String>,
    /// The differences of the requested action from the predicted one, or else from the recorded one. `None` when
    /// nothing was requested, or when messages are no longer in the cache.
    differences: Option<Vec<ActionDifference>>,
}

/// Explains which predictions were wrong, path by path.
///
/// # Errors
/// `uncached-artifact`, `no-such-action`, or when the cache fails.
pub(super) fn run(app: &App, args: &WhyMissArgs) -> CommandResult<ExitCode> {
    let targets = ArtifactTargets::find(app, std::slice::from_ref(&args.artifact), Deps::None)?;
    let mut all = Vec::new();
    for target in &targets.found {
        all.push(missed(&targets.cas, target, args.which.as_deref())?);
    }
    if let Some(which) = &args.which
        && all.iter().all(|missed| missed.misses.is_empty() && missed.strange.is_empty())
    {
        let message = format!("no action that was missed is, or names, '{which}'");
        let hint = format!("spec-host artifact subactions {} lists all actions", args.artifact);
        return Err(CommandError::new(Blame::Build, "no-such-action", message).hint(hint));
    }
    print(&match args.json {
        true => json_text(&json::all(&all), true) + "\n",
        false => all.iter().map(text::one).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn missed(cas: &Cas, target: &ArtifactTarget, which: Option<&str>) -> CommandResult<MissReport> {
    let artifact = target.cached()?;
    let misses = match &artifact.misses {
        Some(blob) => load_misses(cas, blob)?,
        None => Vec::new(),
    };
    let strange = strange(cas, artifact, &misses)?;
    let wanted = |digests: &[Option<Digest>], command: &str| {
        which.is_none_or(|which| {
            let named = digests.iter().flatten().any(|digest| digest.hex().starts_with(which));
            named
                || command
                    .split_whitespace()
                    .any(|word| word == which || word.ends_with(&format!("/{which}")))
        })
    };
    let explained = misses.into_iter().map(|miss| ExplainedMiss::of(cas, miss));
    let misses = explained.filter(|known| {
        let Miss { recorded, predicted, requested, .. } = &known.miss;
        wanted(&[Some(*recorded), *predicted, *requested], known.command.as_deref().unwrap_or_default())
    });
    Ok(MissReport {
        shown: target.shown.clone(),
        misses: misses.collect(),
        strange: strange.into_iter().filter(|(action, command)| wanted(&[Some(*action)], command)).collect(),
    })
}

/// The actions that were executed on request without a recorded counterpart; none where nothing was predicted. Failed
/// actions are left out, because they are never recorded.
fn strange(cas: &Cas, artifact: &Artifact, misses: &[Miss]) -> CommandResult<Vec<(Digest, String)>> {
    let (Some(recorded), Some(_)) = (&artifact.subactions, &artifact.misses) else { return Ok(Vec::new()) };
    let known: HashSet<Digest> = misses.iter().filter_map(|miss| miss.requested).collect();
    let executed = record::load(cas, recorded)?.into_iter();
    let executed = executed.filter(|subaction| {
        let succeeded = subaction.result().is_some_and(|result| result.exit_code == 0);
        subaction.answered == AnswerSource::Executed && succeeded
    });
    let strange = executed.map(|subaction| subaction.action).filter(|action| !known.contains(action));
    Ok(strange.map(|action| (action, command(cas, &action).unwrap_or_default())).collect())
}

impl ExplainedMiss {
    fn of(cas: &Cas, miss: Miss) -> Self {
        let before = miss.predicted.unwrap_or(miss.recorded);
        // Messages may have been evicted; then there is nothing to compare.
        let differences = miss.requested.and_then(|requested| diff_actions(cas, &before, &requested).ok());
        let command = command(cas, &miss.requested.unwrap_or(before));
        Self { miss, command, differences }
    }
}

fn command(cas: &Cas, action: &Digest) -> Option<String> {
    command_of_action(cas, action).ok().map(|command| command.arguments.join(" "))
}
