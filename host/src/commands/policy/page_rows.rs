//! Policies compared on one recording, for the page of `report`.

use std::collections::HashSet;
use std::path::Path;

use spec_plugins::priming_policies;
use spec_replay::{RecordedSession, ReplayOptions, ReplayOutcome, compare, replay};
use spec_report::{ComparedPolicies, PolicyRow};

use super::chosen_policy::{ChosenPolicy, PolicyLoader};
use super::compare::differences;
use super::compared::ComparedRecording;
use crate::app::App;
use crate::cli::ReportArgs;
use crate::error::{CommandError, CommandResult};

const WORKERS: [u32; 4] = [1, 4, 16, 64];
/// Of a recording with more actions, only the number of workers of the recording is compared, unless others are asked for.
const MANY_ACTIONS: usize = 20_000;

/// Replays the recording. One that cannot be replayed is a note on the page.
///
/// # Errors
/// When a policy that the command line names cannot be used.
pub(in crate::commands) fn compared(
    app: &App,
    args: &ReportArgs,
    recording: &Path,
) -> CommandResult<ComparedPolicies> {
    let known: Vec<&str> = priming_policies().collect();
    let named = args.policies.iter().map(|text| match ChosenPolicy::parse(text, &known)? {
        Some(policy) => Ok(policy),
        None => Err(no_policy(text, &known)),
    });
    let named = named.collect::<CommandResult<Vec<_>>>()?;
    let mut page = ComparedPolicies::default();
    let session = match RecordedSession::open(recording) {
        Ok(session) => session,
        Err(error) => {
            page.notes.push(error.to_string());
            return Ok(page);
        }
    };
    let policies = if named.is_empty() { usual_policies(&session) } else { named };
    let loader = PolicyLoader::new(app);
    for workers in worker_numbers(args, &session, &mut page) {
        let (mut titles, mut outcomes) = (Vec::new(), Vec::new());
        for policy in &policies {
            if let Some(outcome) = replayed(args, &loader, policy, &session, workers, &mut page)? {
                titles.push(policy.title());
                outcomes.push(outcome);
            }
        }
        let comparison = compare(&session, &outcomes.iter().collect::<Vec<_>>(), args.differences);
        let compared =
            ComparedRecording { recording: "recording".to_owned(), workers: Some(workers), comparison };
        page.differences.extend(differences(&titles, &[compared]).lines().map(str::to_owned));
    }
    // What is wrong with a policy is so with each number of workers.
    let mut seen = HashSet::new();
    page.notes.retain(|note| seen.insert(note.clone()));
    Ok(page)
}

fn no_policy(text: &str, known: &[&str]) -> CommandError {
    let message = format!("'{text}' is no priming policy");
    let hint =
        format!("use a file that ends in .wasm, recorded, built-in, none, or one of: {}", known.join(", "));
    CommandError::usage("unknown-policy", message).hint(hint)
}

/// The policy of the recording, and the others that every program has.
fn usual_policies(session: &RecordedSession) -> Vec<ChosenPolicy> {
    let recorded = session.header().policies.iter().find(|policy| policy.kind == "priming");
    let is_built_in = recorded.is_none_or(|policy| policy.name == "built-in");
    let names: &[&str] = if is_built_in { &["built-in", "none"] } else { &["recorded", "built-in", "none"] };
    names.iter().map(|name| ChosenPolicy::new(name, &[])).collect()
}

fn worker_numbers(args: &ReportArgs, session: &RecordedSession, page: &mut ComparedPolicies) -> Vec<u32> {
    if !args.workers.is_empty() {
        return args.workers.clone();
    }
    let actions = session.action_count().max(session.request_count());
    if actions <= MANY_ACTIONS {
        return WORKERS.to_vec();
    }
    page.notes.push(format!(
        "Left out: other numbers of workers than that of the recording, since it has {actions} actions. \
         `report --workers 1,4,16,64` compares with these."
    ));
    vec![session.header().workers.max(1)]
}

/// Replays one policy, and adds its row. A policy that nobody named may be gone: that is a note.
fn replayed(
    args: &ReportArgs,
    loader: &PolicyLoader,
    policy: &ChosenPolicy,
    session: &RecordedSession,
    workers: u32,
    page: &mut ComparedPolicies,
) -> CommandResult<Option<ReplayOutcome>> {
    let overlay = loader.overlay(&ChosenPolicy::new("recorded", &[]), session);
    let loaded = loader.priming(policy, session).and_then(|priming| Ok((priming, overlay?)));
    let (priming, overlay) = match loaded {
        Ok(loaded) => loaded,
        Err(error) if !args.policies.is_empty() => return Err(error),
        Err(error) => {
            page.notes.push(format!("The policy {} is not compared: {}", policy.title(), error.message()));
            return Ok(None);
        }
    };
    let options = ReplayOptions { priming, overlay, workers: Some(workers as usize), budget: None };
    match replay(session, options) {
        Ok(outcome) => {
            page.rows.push(row(policy, workers, &outcome));
            let replaced = outcome.warnings.iter().map(|warning| format!("{}: {warning}", policy.title()));
            page.notes.extend(replaced);
            Ok(Some(outcome))
        }
        Err(error) => {
            page.notes.push(error.to_string());
            Ok(None)
        }
    }
}

fn row(policy: &ChosenPolicy, workers: u32, outcome: &ReplayOutcome) -> PolicyRow {
    PolicyRow {
        policy: policy.title(),
        workers,
        wall_us: outcome.wall_us,
        hits: outcome.hits,
        joined: outcome.joined,
        executed: outcome.executed,
        wasted_cpu_ms: outcome.wasted_cpu_ms(),
    }
}
