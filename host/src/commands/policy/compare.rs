//! `policy compare`

use std::path::Path;

use spec_plugins::priming_policies;
use spec_replay::{RecordedSession, ReplayOptions, ReplayOutcome, compare, replay};

use super::super::print;
use super::chosen_policy::{ChosenPolicy, PolicyLoader};
use super::compared::{ComparedRecording, ComparedRow, decision};
use super::{change, json, open, seconds};
use crate::app::App;
use crate::cli::CompareArgs;
use crate::error::{CommandError, CommandResult};

/// Compares policies on recordings, and prints one table.
pub(super) fn run(app: &App, args: &CompareArgs) -> CommandResult {
    let known: Vec<&str> = priming_policies().collect();
    let (mut policies, mut recordings) = (Vec::new(), Vec::new());
    for subject in &args.subjects {
        match ChosenPolicy::parse(subject, &known)? {
            Some(policy) => policies.push(policy),
            None => recordings.push((subject.clone(), open(app, Path::new(subject))?)),
        }
    }
    if policies.is_empty() || recordings.is_empty() {
        let missing = if policies.is_empty() { "policy" } else { "recording" };
        let message = format!("there is no {missing} among '{}'", args.subjects.join(" "));
        let hint = "name recordings and policies, as in: policy compare last built-in priming-eager";
        return Err(CommandError::usage("nothing-to-compare", message).hint(hint));
    }
    let workers: Vec<Option<u32>> = match args.workers.is_empty() {
        true => vec![None],
        false => args.workers.iter().copied().map(Some).collect(),
    };
    let overlay = ChosenPolicy::new(&args.overlay_policy, &args.overlay_setting);
    let (rows, compared) = replay_all(app, &recordings, &policies, &overlay, &workers, args.differences)?;
    if args.json {
        return print(&format!("{}\n", json::comparison(&recordings, &rows, &compared)));
    }
    let titles: Vec<String> = policies.iter().map(ChosenPolicy::title).collect();
    print(&format!("{}\n{}", table(&rows, policies.len()), differences(&titles, &compared)))
}

fn replay_all(
    app: &App,
    recordings: &[(String, RecordedSession)],
    policies: &[ChosenPolicy],
    overlay: &ChosenPolicy,
    workers: &[Option<u32>],
    differences: usize,
) -> CommandResult<(Vec<ComparedRow>, Vec<ComparedRecording>)> {
    let loader = PolicyLoader::new(app);
    let (mut rows, mut compared) = (Vec::new(), Vec::new());
    for &workers in workers {
        let first = rows.len();
        for policy in policies {
            let outcomes = recordings.iter().map(|(_, session)| -> CommandResult<ReplayOutcome> {
                let options = ReplayOptions {
                    priming: loader.priming(policy, session)?,
                    overlay: loader.overlay(overlay, session)?,
                    workers: workers.map(|workers| workers as usize),
                    budget: None,
                };
                let outcome = replay(session, options)?;
                let warn =
                    |warning: &String| app.warn("policy-replaced", &format!("{}: {warning}", policy.title()));
                outcome.warnings.iter().for_each(warn);
                Ok(outcome)
            });
            let outcomes = outcomes.collect::<CommandResult<_>>()?;
            rows.push(ComparedRow { policy: policy.title(), workers, outcomes });
        }
        for (number, (recording, session)) in recordings.iter().enumerate() {
            let outcomes: Vec<&ReplayOutcome> =
                rows[first..].iter().map(|row| &row.outcomes[number]).collect();
            let comparison = compare(session, &outcomes, differences);
            compared.push(ComparedRecording { recording: recording.clone(), workers, comparison });
        }
    }
    Ok((rows, compared))
}

/// One row for each policy and number of workers. Times are sums over the recordings; the change against the first policy is
/// the median, with the least and the greatest.
fn table(rows: &[ComparedRow], policies: usize) -> String {
    let heads =
        ["policy", "workers", "wall time", "against the first", "hits", "joined", "executed", "wasted CPU"];
    let mut cells = vec![heads.map(str::to_owned).to_vec()];
    for (number, row) in rows.iter().enumerate() {
        let first = &rows[number - number % policies];
        let sum = |of: fn(&ReplayOutcome) -> u64| row.outcomes.iter().map(of).sum::<u64>();
        cells.push(vec![
            row.policy.clone(),
            row.workers.map_or_else(|| "recorded".to_owned(), |workers| workers.to_string()),
            seconds(sum(|outcome| outcome.wall_us)),
            spread(row, first),
            sum(|outcome| outcome.hits).to_string(),
            sum(|outcome| outcome.joined).to_string(),
            sum(|outcome| outcome.executed).to_string(),
            seconds(sum(ReplayOutcome::wasted_cpu_ms) * 1000),
        ]);
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

fn spread(row: &ComparedRow, first: &ComparedRow) -> String {
    let pairs = row.outcomes.iter().zip(&first.outcomes);
    let mut changes: Vec<f64> = pairs.map(|(now, before)| change(now.wall_us, before.wall_us)).collect();
    changes.sort_unstable_by(f64::total_cmp);
    match (&changes[..], changes.get(changes.len() / 2)) {
        ([only], _) => format!("{only:+.1} %"),
        ([least, .., most], Some(median)) => format!("{median:+.1} % ({least:+.1} to {most:+.1})"),
        _ => String::new(),
    }
}

pub(super) fn differences(titles: &[String], compared: &[ComparedRecording]) -> String {
    let mut text = String::new();
    for ComparedRecording { recording, workers, comparison } in compared {
        let workers = workers.map_or_else(String::new, |workers| match workers {
            1 => " with 1 worker".to_owned(),
            workers => format!(" with {workers} workers"),
        });
        if titles.len() < 2 {
            continue;
        }
        if !comparison.can_be_told_apart {
            text.push_str(&format!("{recording}{workers}: the policies cannot be told apart\n"));
            continue;
        }
        text.push_str(&format!(
            "{recording}{workers}: different decisions on {} actions\n",
            comparison.count
        ));
        for difference in &comparison.first {
            let decisions = titles.iter().zip(&difference.decisions).map(|(title, logged)| match logged {
                Some(logged) => {
                    format!("{title}: {} at {}", decision(logged.decision), seconds(logged.at_us))
                }
                None => format!("{title}: not asked"),
            });
            let (action, element, program) = (difference.action, &difference.element, &difference.program);
            let decisions = decisions.collect::<Vec<_>>().join("; ");
            text.push_str(&format!("  action {action} of {element} ({program}): {decisions}\n"));
        }
    }
    text
}
