//! What replays predict, as JSON.

use serde_json::{Map, Value, json};
use spec_replay::{RecordedSession, ReplayOutcome};

use super::compared::{ComparedRecording, ComparedRow, decision};

/// A replay beside what was recorded.
pub(super) fn outcome(
    session: &RecordedSession,
    policy: &str,
    workers: Option<u32>,
    outcome: &ReplayOutcome,
) -> Value {
    json!({
        "policy": policy,
        "workers": workers.unwrap_or(session.header().workers),
        "recorded": recorded(session),
        "predicted": predicted(outcome),
    })
}

fn recorded(session: &RecordedSession) -> Value {
    let answers = session.answers();
    let buckets = session.totals().into_iter().flat_map(|totals| &totals.buckets);
    let buckets: Map<String, Value> =
        buckets.map(|bucket| (bucket.name.clone(), bucket.count.into())).collect();
    json!({
        "project": session.header().project,
        "targets": session.header().targets,
        "workers": session.header().workers,
        "actions": session.action_count(),
        "requests": session.request_count(),
        "wall-us": session.wall_us(),
        "hits": answers.hits,
        "joined": answers.joined,
        "executed": answers.executed,
        "buckets": buckets,
    })
}

fn predicted(outcome: &ReplayOutcome) -> Value {
    let buckets = outcome.totals.buckets.iter();
    let buckets: Map<String, Value> =
        buckets.map(|(bucket, count)| (bucket.name().into_owned(), (*count).into())).collect();
    json!({
        "wall-us": outcome.wall_us,
        "hits": outcome.hits,
        "joined": outcome.joined,
        "executed": outcome.executed,
        "submitted": outcome.totals.sent,
        "cpu-ms": outcome.totals.cpu_ms,
        "useful-cpu-ms": outcome.totals.useful_cpu_ms,
        "wasted-cpu-ms": outcome.wasted_cpu_ms(),
        "buckets": buckets,
        "warnings": outcome.warnings,
    })
}

/// All replays of a comparison, and what differs.
pub(super) fn comparison(
    recordings: &[(String, RecordedSession)],
    rows: &[ComparedRow],
    compared: &[ComparedRecording],
) -> Value {
    let named = |(name, session): &(String, RecordedSession)| json!({ "recording": name, "recorded": recorded(session) });
    let row = |row: &ComparedRow| {
        let replays = recordings.iter().zip(&row.outcomes);
        let replays =
            replays.map(|((name, _), outcome)| json!({ "recording": name, "predicted": predicted(outcome) }));
        json!({ "policy": row.policy, "workers": row.workers, "replays": replays.collect::<Vec<_>>() })
    };
    json!({
        "recordings": recordings.iter().map(named).collect::<Vec<_>>(),
        "policies": rows.iter().map(row).collect::<Vec<_>>(),
        "differences": compared.iter().map(|compared| differences(rows, compared)).collect::<Vec<_>>(),
    })
}

fn differences(rows: &[ComparedRow], compared: &ComparedRecording) -> Value {
    let policies = rows.iter().filter(|row| row.workers == compared.workers).map(|row| &row.policy);
    let policies: Vec<&String> = policies.collect();
    let first = compared.comparison.first.iter().map(|difference| {
        let decisions = policies.iter().zip(&difference.decisions).map(|(policy, logged)| {
            let decided = logged.map(|logged| decision(logged.decision));
            json!({ "policy": policy, "decision": decided, "at-us": logged.map(|logged| logged.at_us) })
        });
        json!({
            "action": difference.action,
            "element": difference.element,
            "program": difference.program,
            "decisions": decisions.collect::<Vec<_>>(),
        })
    });
    json!({
        "recording": compared.recording,
        "workers": compared.workers,
        "can-be-told-apart": compared.comparison.can_be_told_apart,
        "different-decisions": compared.comparison.count,
        "first": first.collect::<Vec<_>>(),
    })
}
