//! `policy replay`

use std::time::Instant;

use spec_replay::{RecordedSession, ReplayOptions, ReplayOutcome, replay};

use super::super::print;
use super::chosen_policy::{ChosenPolicy, PolicyLoader};
use super::{json, open, percent, seconds};
use crate::app::App;
use crate::cli::ReplayArgs;
use crate::error::CommandResult;

/// Replays a recording, and prints what it predicts beside what was recorded.
pub(super) fn run(app: &App, args: &ReplayArgs) -> CommandResult {
    let session = open(app, &args.recording)?;
    let loader = PolicyLoader::new(app);
    let chosen = ChosenPolicy::new(&args.priming_policy, &args.priming_setting);
    let overlay = ChosenPolicy::new(&args.overlay_policy, &args.overlay_setting);
    let options = ReplayOptions {
        priming: loader.priming(&chosen, &session)?,
        overlay: loader.overlay(&overlay, &session)?,
        workers: args.workers.map(|workers| workers as usize),
        budget: None,
    };
    let start = Instant::now();
    let outcome = replay(&session, options)?;
    tracing::debug!("the replay took {:?}", start.elapsed());
    for warning in &outcome.warnings {
        app.warn("policy-replaced", warning);
    }
    if args.json {
        return print(&format!("{}\n", json::outcome(&session, &chosen.title(), args.workers, &outcome)));
    }
    print(&text(&session, &chosen, args.workers, &outcome))
}

fn text(
    session: &RecordedSession,
    chosen: &ChosenPolicy,
    workers: Option<u32>,
    outcome: &ReplayOutcome,
) -> String {
    let header = session.header();
    let workers = workers.unwrap_or(header.workers);
    let recorded = session.answers();
    let wall = percent(outcome.wall_us, session.wall_us());
    let lines = [
        format!("{} of {}: {}", header.trigger, header.project, header.targets.join(" ")),
        format!("{} actions recorded before, {} requests", session.action_count(), session.request_count()),
        format!("{} with {workers} workers", chosen.title()),
        String::new(),
        format!("{:24} {:>12} {:>12}", "", "recorded", "predicted"),
        row("wall time", &seconds(session.wall_us()), &format!("{} ({wall})", seconds(outcome.wall_us))),
        row("answered from the cache", &recorded.hits.to_string(), &outcome.hits.to_string()),
        row("joined", &recorded.joined.to_string(), &outcome.joined.to_string()),
        row("executed on request", &recorded.executed.to_string(), &outcome.executed.to_string()),
        row("wasted CPU time", &wasted(session), &seconds(outcome.wasted_cpu_ms() * 1000)),
        String::new(),
        row("recorded actions:", "recorded", "predicted"),
    ];
    let lines = lines.iter().map(|line| format!("{}\n", line.trim_end()));
    lines.chain(buckets(session, outcome)).collect()
}

fn row(name: &str, recorded: &str, predicted: &str) -> String {
    format!("{name:24} {recorded:>12} {predicted:>12}")
}

fn wasted(session: &RecordedSession) -> String {
    let wasted =
        |totals: &spec_recording::message::Totals| totals.cpu_ms.saturating_sub(totals.useful_cpu_ms);
    session.totals().map_or_else(|| "-".to_owned(), |totals| seconds(wasted(totals) * 1000))
}

fn buckets(session: &RecordedSession, outcome: &ReplayOutcome) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, (u64, u64)>::new();
    for bucket in session.totals().into_iter().flat_map(|totals| &totals.buckets) {
        counts.entry(bucket.name.clone()).or_default().0 = bucket.count;
    }
    for (bucket, count) in &outcome.totals.buckets {
        counts.entry(bucket.name().into_owned()).or_default().1 = *count as u64;
    }
    let line = |(name, (recorded, predicted)): (String, (u64, u64))| {
        format!("{}\n", row(&format!("  {name}"), &recorded.to_string(), &predicted.to_string()))
    };
    counts.into_iter().map(line).collect()
}
