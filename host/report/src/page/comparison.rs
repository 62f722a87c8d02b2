//! Policies compared by replays.

use std::collections::BTreeMap;

use super::{class, figure, section as page_section};
use crate::charts::{Line, lines};
use crate::error::Result;
use crate::html::{cut, left_out, seconds, short, table, text};

/// What replays of policies on the recording came to, for the page.
#[derive(Clone, Debug, Default)]
pub struct ComparedPolicies {
    /// One for each policy and number of workers.
    pub rows: Vec<PolicyRow>,
    /// Where they decide differently, in lines for people.
    pub differences: Vec<String>,
    /// Why there are no replays, or not all of them.
    pub notes: Vec<String>,
}

/// What one policy came to with some workers.
#[derive(Clone, Debug)]
pub struct PolicyRow {
    /// The policy with its settings, for people.
    pub policy: String,
    /// How many actions were executed at a time.
    pub workers: u32,
    /// The predicted time until the last job ends, in microseconds.
    pub wall_us: u64,
    /// Requests that were answered from the action cache.
    pub hits: u64,
    /// Requests that joined a primed action.
    pub joined: u64,
    /// Requests whose actions were executed for them.
    pub executed: u64,
    /// The CPU time of primed actions that nobody used, in milliseconds.
    pub wasted_cpu_ms: u64,
}

/// The most rows, and the most lines of differences.
const ROWS: usize = 200;

pub(super) fn section(compared: &ComparedPolicies) -> Result<String> {
    let notes = compared.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", short(note)));
    let notes: String = notes.collect();
    if compared.rows.is_empty() {
        let body = format!("<p>No policies were compared.</p>\n{notes}");
        return Ok(page_section("policies", "Policies compared", &body));
    }
    let body = [
        "<p>Predicted by replaying the recording with each policy and number of workers.</p>\n".to_owned(),
        chart(compared)?,
        rows_table(compared),
        differences(compared),
        notes,
    ];
    Ok(page_section("policies", "Policies compared", &body.concat()))
}

fn chart(compared: &ComparedPolicies) -> Result<String> {
    let mut workers: Vec<u32> = compared.rows.iter().map(|row| row.workers).collect();
    workers.sort_unstable();
    workers.dedup();
    let place: BTreeMap<u32, usize> =
        workers.iter().enumerate().map(|(place, count)| (*count, place)).collect();
    let mut policies = Vec::<(&str, Vec<(f64, f64)>)>::new();
    for row in &compared.rows {
        let point = (place[&row.workers] as f64, row.wall_us as f64 / 1e6);
        match policies.iter_mut().find(|(policy, _)| *policy == row.policy) {
            Some((_, points)) => points.push(point),
            None => policies.push((&row.policy, vec![point])),
        }
    }
    let all = policies.len();
    policies.truncate(class::LINE_COUNT as usize);
    let drawn = policies.iter_mut().zip(class::LINES..).map(|((_, points), class)| {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Line { class, points: std::mem::take(points) }
    });
    let drawn: Vec<Line> = drawn.collect();
    let steps: Vec<String> = workers
        .iter()
        .map(|count| if *count == 1 { "1 worker".to_owned() } else { format!("{count} workers") })
        .collect();
    let label = "Predicted time of the build by policy and number of workers";
    let longest = compared.rows.iter().map(|row| row.wall_us).max().unwrap_or(0);
    let time = |value: f64| match longest {
        0..20_000_000 => format!("{value:.2} s"),
        _ => format!("{value:.0} s"),
    };
    let svg = lines(label, &drawn, 0.0, Some(&steps), &time, true)?;
    let legend: Vec<(u8, &str)> =
        policies.iter().zip(class::LINES..).map(|((policy, _), class)| (class, *policy)).collect();
    Ok(figure(&svg, label, &legend)
        + &left_out(all - policies.len(), "policies in the chart; the table has them"))
}

fn rows_table(compared: &ComparedPolicies) -> String {
    let heads =
        ["policy", "workers", "time", "against the first", "hits", "joined", "executed", "wasted CPU time"];
    let first =
        |workers: u32| compared.rows.iter().find(|row| row.workers == workers).map_or(0, |row| row.wall_us);
    let rows = compared.rows.iter().take(ROWS).map(|row| {
        vec![
            short(&row.policy),
            row.workers.to_string(),
            seconds(row.wall_us),
            change(row.wall_us, first(row.workers)),
            row.hits.to_string(),
            row.joined.to_string(),
            row.executed.to_string(),
            seconds(row.wasted_cpu_ms.saturating_mul(1000)),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table("Policies compared", &heads, &[1, 2, 3, 4, 5, 6, 7], &rows)
        + &left_out(compared.rows.len() - rows.len(), "rows")
}

fn change(now: u64, before: u64) -> String {
    match before {
        0 => String::new(),
        _ => format!("{:+.1} %", (now as f64 / before as f64 - 1.0) * 100.0),
    }
}

fn differences(compared: &ComparedPolicies) -> String {
    if compared.differences.is_empty() {
        return String::new();
    }
    let shown =
        compared.differences.iter().take(ROWS).map(|line| format!("<li>{}</li>\n", text(&cut(line, 1000))));
    let shown: String = shown.collect();
    let missing = compared.differences.len().saturating_sub(ROWS);
    format!("<h3>Decisions compared</h3>\n<ul>\n{shown}</ul>\n{}", left_out(missing, "differences"))
}
