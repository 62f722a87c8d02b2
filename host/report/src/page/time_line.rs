//! The charts along the time: elements with their jobs, workers with their actions, and primed actions.

use std::collections::BTreeMap;

use super::{class, figure, section as page_section};
use crate::action_ends::{ActionEnd, action_ends};
use crate::charts::{Bar, Line, lines, rows_of_bars, whole};
use crate::error::Result;
use crate::html::{left_out, seconds};
use crate::lanes::{Work, WorkerSpan, lanes, worker_spans};
use crate::session_times::{JobTimes, LoadSample, PrimedTimes, RequestTimes, SessionTimes};

/// The most rows of a chart.
const ROWS: usize = 60;
/// The most bars of a chart.
const BARS: usize = 1500;
/// The most points of a line.
const POINTS: usize = 600;

pub(super) fn section(times: &SessionTimes) -> Result<String> {
    let body = [elements(times)?, workers(times)?, load(times)?].concat();
    Ok(page_section("time-line", "Time line", &body))
}

/// Keeps the longest bars, and says how many were left out.
fn bounded(mut bars: Vec<Bar>) -> (Vec<Bar>, usize) {
    let count = bars.len();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.end.saturating_sub(bar.start)));
    bars.truncate(BARS);
    bars.sort_by_key(|bar| (bar.row, bar.start, bar.end));
    (bars, count.saturating_sub(BARS))
}

fn elements(times: &SessionTimes) -> Result<String> {
    let mut by_element = BTreeMap::<usize, Vec<&JobTimes>>::new();
    for job in times.jobs.iter().filter(|job| job.start_us.is_some()) {
        by_element.entry(job.element).or_default().push(job);
    }
    if by_element.is_empty() {
        return Ok("<p>No job was started.</p>\n".to_owned());
    }
    let last_us = times.last_us();
    let mut elements: Vec<(usize, Vec<&JobTimes>)> = by_element.into_iter().collect();
    elements
        .sort_by_key(|(_, jobs)| std::cmp::Reverse(jobs.iter().map(|job| took(job, last_us)).sum::<u64>()));
    let missing = elements.len().saturating_sub(ROWS);
    elements.truncate(ROWS);
    elements.sort_by_key(|(element, jobs)| (jobs.iter().filter_map(|job| job.start_us).min(), *element));
    let names: Vec<String> =
        elements.iter().map(|(element, _)| times.element_name(*element).to_owned()).collect();
    let bars = elements
        .iter()
        .enumerate()
        .flat_map(|(row, (_, jobs))| jobs.iter().map(move |job| job_bar(times, row, job, last_us)));
    let (bars, short) = bounded(bars.collect());
    let label = "Jobs of elements over time";
    let svg = rows_of_bars(label, &names, &bars, last_us)?;
    let legend = [(class::BUILD, "build"), (class::OTHER_JOB, "other job"), (class::FAILED, "failed")];
    let notes =
        [left_out(missing, "elements, whose jobs were shorter"), left_out(short, "jobs, the shortest")];
    Ok(figure(&svg, label, &legend) + &notes.concat())
}

fn took(job: &JobTimes, last_us: u64) -> u64 {
    job.start_us.map_or(0, |start| job.end_us.unwrap_or(last_us).saturating_sub(start))
}

fn job_bar(times: &SessionTimes, row: usize, job: &JobTimes, last_us: u64) -> Bar {
    let start_us = job.start_us.unwrap_or(0);
    let end = if job.end.is_empty() { "not ended" } else { &job.end };
    let name = times.element_name(job.element);
    let kind = times.elements.get(job.element).map_or("", |element| &element.kind);
    let took = seconds(took(job, last_us));
    Bar {
        row,
        start: start_us,
        end: job.end_us.unwrap_or(last_us).max(start_us),
        class: match (job.end.as_str(), job.task.as_str()) {
            ("failed", _) => class::FAILED,
            (_, "build") => class::BUILD,
            _ => class::OTHER_JOB,
        },
        title: format!("{}, {took} from {}, {end}: {name} ({kind})", job.task, seconds(start_us)),
    }
}

fn workers(times: &SessionTimes) -> Result<String> {
    let spans = worker_spans(times);
    if spans.is_empty() {
        return Ok("<p>No action was executed.</p>\n".to_owned());
    }
    let ends = action_ends(times);
    let rows = lanes(&spans.iter().map(|span| (span.start_us, span.end_us)).collect::<Vec<_>>());
    let count = rows.iter().max().map_or(0, |most| most + 1);
    let shown = spans.iter().zip(&rows).filter(|(_, row)| **row < ROWS);
    let bars: Vec<Bar> = shown.map(|(span, row)| worker_bar(times, &ends, span, *row)).collect();
    let beyond = spans.len() - bars.len();
    let (bars, short) = bounded(bars);
    let names: Vec<String> = (1..=count.min(ROWS)).map(|slot| format!("slot {slot}")).collect();
    let label = "Actions that kept a worker busy, over time";
    let svg = rows_of_bars(label, &names, &bars, times.last_us())?;
    let legend = [
        (class::REQUESTED, "executed on request"),
        (class::USED, "primed, used"),
        (class::JOINED, "primed, joined"),
        (class::UNUSED, "primed, of no use"),
        (class::FAILED, "failed"),
    ];
    let notes = [left_out(beyond, "actions in further slots"), left_out(short, "actions, the shortest")];
    Ok(figure(&svg, label, &legend) + &notes.concat())
}

fn worker_bar(times: &SessionTimes, ends: &[ActionEnd], span: &WorkerSpan, row: usize) -> Bar {
    let (class, what) = match span.work {
        Work::Requested(number) => {
            let request = &times.requests[number];
            (if request.failed { class::FAILED } else { class::REQUESTED }, request_title(times, request))
        }
        Work::Primed(number) => {
            let primed = &times.primed[number];
            (primed_class(ends, primed), primed_title(times, ends, primed))
        }
    };
    let took = seconds(span.end_us.saturating_sub(span.start_us));
    let title = format!("{took} from {}, {what}", seconds(span.start_us));
    Bar { row, start: span.start_us, end: span.end_us, class, title }
}

fn request_title(times: &SessionTimes, request: &RequestTimes) -> String {
    let (element, program) = (times.element_name(request.element), times.name_of(request));
    format!("{}: {program} for {element}", request.answered)
}

fn primed_title(times: &SessionTimes, ends: &[ActionEnd], primed: &PrimedTimes) -> String {
    let element = times.actions.get(primed.action as usize).map_or(0, |action| action.element);
    let end = ends.get(primed.action as usize).map_or("", |end| end.title());
    let outcome = if primed.outcome.is_empty() { "not ended" } else { &primed.outcome };
    let (program, element) = (times.name_of_primed(primed), times.element_name(element));
    format!("primed, {outcome}, {end}: {program} of {element}")
}

fn primed_class(ends: &[ActionEnd], primed: &PrimedTimes) -> u8 {
    match (primed.outcome.as_str(), ends.get(primed.action as usize)) {
        ("failed", _) => class::FAILED,
        ("not-executed" | "content-elsewhere", _) => class::NOT_EXECUTED,
        (_, Some(ActionEnd::Used)) => class::USED,
        (_, Some(ActionEnd::Joined)) => class::JOINED,
        _ => class::UNUSED,
    }
}

/// The lane of primed actions.
pub(super) fn primed_section(times: &SessionTimes) -> Result<String> {
    if times.primed.is_empty() {
        let body = "<p>No action was primed.</p>\n";
        return Ok(page_section("primed", "Primed actions", body));
    }
    let (ends, last_us) = (action_ends(times), times.last_us());
    let span = |primed: &PrimedTimes| (primed.submitted_us, primed.ended_us.unwrap_or(last_us));
    let rows = lanes(&times.primed.iter().map(span).collect::<Vec<_>>());
    let shown = times.primed.iter().zip(&rows).filter(|(_, row)| **row < ROWS);
    let bars: Vec<Bar> = shown
        .map(|(primed, row)| {
            let (start_us, end_us) = span(primed);
            let took = seconds(end_us.saturating_sub(start_us));
            let title = primed_title(times, &ends, primed);
            let title = format!("{took} from {}, {title}", seconds(start_us));
            Bar { row: *row, start: start_us, end: end_us, class: primed_class(&ends, primed), title }
        })
        .collect();
    let beyond = times.primed.len() - bars.len();
    let (bars, short) = bounded(bars);
    let count = rows.iter().max().map_or(0, |most| most + 1).min(ROWS);
    let names: Vec<String> = (1..=count).map(|lane| format!("lane {lane}")).collect();
    let label = "Primed actions, from submitting them to their end";
    let svg = rows_of_bars(label, &names, &bars, last_us)?;
    let legend = [
        (class::USED, "used"),
        (class::JOINED, "joined"),
        (class::UNUSED, "of no use"),
        (class::NOT_EXECUTED, "not executed to its end"),
        (class::FAILED, "failed"),
    ];
    let notes = [
        left_out(beyond, "primed actions in further lanes"),
        left_out(short, "primed actions, the shortest"),
    ];
    let body = figure(&svg, label, &legend) + &notes.concat();
    Ok(page_section("primed", "Primed actions", &body))
}

fn load(times: &SessionTimes) -> Result<String> {
    if times.loads.is_empty() {
        return Ok(String::new());
    }
    let last_us = times.last_us();
    let busy = steps(&times.loads, last_us, |load| load.busy);
    let slots = steps(&times.loads, last_us, |load| load.slots);
    let label = "Actions that ran or waited, and workers, over time";
    let drawn = [Line { class: class::LINES, points: busy }, Line { class: class::LINES + 1, points: slots }];
    let svg = lines(label, &drawn, last_us as f64 / 1e6, None, &whole, false)?;
    let legend = [(class::LINES, "actions that run or wait"), (class::LINES + 1, "workers")];
    Ok(figure(&svg, label, &legend))
}

/// A line with steps; of samples that are close to each other only the greatest.
fn steps(loads: &[LoadSample], last_us: u64, value: fn(&LoadSample) -> u32) -> Vec<(f64, f64)> {
    let size = loads.len().div_ceil(POINTS / 2).max(1);
    let greatest = loads.chunks(size).filter_map(|chunk| chunk.iter().max_by_key(|load| value(load)));
    let mut points = Vec::new();
    let mut last = None;
    for load in greatest {
        let (at, value) = (load.at_us as f64 / 1e6, f64::from(value(load)));
        points.extend(last.map(|before| (at, before)));
        points.push((at, value));
        last = Some(value);
    }
    points.extend(last.map(|value| (last_us as f64 / 1e6, value)));
    points
}
