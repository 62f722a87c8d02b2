//! Hits and misses, with reasons.

use super::{class, figure, section as page_section};
use crate::action_ends::{ActionEnd, action_ends, count, why};
use crate::charts::{Bar, rows_of_counts};
use crate::error::Result;
use crate::html::{left_out, seconds, short, table};
use crate::session_times::SessionTimes;

/// The most misses that are named.
const NAMED: usize = 200;

pub(super) fn section(times: &SessionTimes) -> Result<String> {
    if times.actions.is_empty() {
        let body =
            "<p>No element had a record of an earlier build, so that nothing could be predicted.</p>\n";
        return Ok(page_section("predictions", "Hits and misses", body));
    }
    let ends = action_ends(times);
    let body = [chart(&ends)?, misses(times, &ends), totals(times)].concat();
    Ok(page_section("predictions", "Hits and misses", &body))
}

fn chart(ends: &[ActionEnd]) -> Result<String> {
    let counts = count(ends);
    let shown: Vec<(ActionEnd, usize)> =
        ActionEnd::ALL.into_iter().filter_map(|end| Some((end, *counts.get(&end)?))).collect();
    let names: Vec<String> = shown.iter().map(|(end, _)| end.title().to_owned()).collect();
    let bars: Vec<Bar> = shown
        .iter()
        .enumerate()
        .map(|(row, (end, count))| Bar {
            row,
            start: 0,
            end: *count as u64,
            class: class_of(*end),
            title: format!("{}: {count}", end.title()),
        })
        .collect();
    let label = "What came of the recorded actions";
    let figure = figure(&rows_of_counts(label, &names, &bars)?, label, &[]);
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|(end, count)| vec![end.title().to_owned(), count.to_string(), end.meaning().to_owned()])
        .collect();
    let heads = ["what came of it", "actions", "meaning"];
    Ok(figure + &table("What came of the recorded actions, in numbers", &heads, &[1], &rows))
}

fn class_of(end: ActionEnd) -> u8 {
    match end {
        ActionEnd::Used => class::USED,
        ActionEnd::Joined => class::JOINED,
        ActionEnd::Failed => class::FAILED,
        ActionEnd::Unused => class::UNUSED,
        ActionEnd::Unchanged => class::BUILD,
        _ => class::NOT_EXECUTED,
    }
}

/// The misses that cost most when they were executed on request.
fn misses(times: &SessionTimes, ends: &[ActionEnd]) -> String {
    let mut missed: Vec<usize> = (0..ends.len()).filter(|action| ends[*action].is_miss()).collect();
    if missed.is_empty() {
        return "<p>Nothing was missed.</p>\n".to_owned();
    }
    let took = took_on_request(times);
    let count = missed.len();
    missed.sort_by_key(|action| (std::cmp::Reverse(took[*action]), *action));
    missed.truncate(NAMED);
    let rows: Vec<Vec<String>> = missed
        .iter()
        .map(|number| {
            let (action, end) = (&times.actions[*number], ends[*number]);
            vec![
                number.to_string(),
                short(times.element_name(action.element)),
                short(&action.program),
                end.title().to_owned(),
                short(&why(times, action, end)),
                took[*number].map_or(String::new(), seconds),
            ]
        })
        .collect();
    let heads = ["action", "element", "program", "what came of it", "why", "executed on request for"];
    table("Misses", &heads, &[5], &rows) + &left_out(count - rows.len(), "misses, which took less")
}

/// By action, how long the build waited for the request in its place, if that was executed.
fn took_on_request(times: &SessionTimes) -> Vec<Option<u64>> {
    let mut took = vec![None; times.actions.len()];
    for request in times.requests.iter().filter(|request| request.answered == "executed") {
        if let Some(took) = request.in_place_of.and_then(|action| took.get_mut(action as usize)) {
            *took = Some(request.took_us());
        }
    }
    took
}

/// What the session itself counted.
fn totals(times: &SessionTimes) -> String {
    let Some(totals) = &times.totals else {
        return "<p class=\"note\">The recording has no totals: the session was not over when it ended.</p>\n".to_owned();
    };
    let mut rows: Vec<Vec<String>> =
        totals.buckets.iter().map(|bucket| vec![short(&bucket.name), bucket.count.to_string()]).collect();
    let count = rows.len();
    rows.truncate(NAMED);
    table("What the session counted", &["end", "actions"], &[1], &rows)
        + &left_out(count - rows.len(), "ends")
}
