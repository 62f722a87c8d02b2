//! Writes a session as trace events, the JSON that Perfetto and Chrome's tracing open.
//!
//! There is a process for each group of tracks, and a thread for each track. Spans of one track do not overlap. An arrow goes
//! from a primed action to each request that used it.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde_json::{Value, json};
use spec_model::Digest;

use crate::action_ends::action_ends;
use crate::lanes::{Work, lanes, worker_spans};
use crate::session_times::{JobTimes, PrimedTimes, RequestTimes, SessionTimes};

/// The groups of tracks, as numbers of processes.
const ELEMENTS: u32 = 1;
const WORKERS: u32 = 2;
const PRIMED: u32 = 3;
const REQUESTS: u32 = 4;
const LOAD: u32 = 5;

/// Writes the trace of a session.
///
/// # Errors
/// When it cannot be written.
pub fn write_trace(times: &SessionTimes, out: impl Write) -> io::Result<()> {
    let mut trace = TraceWriter { out, first: true };
    let header = &times.header;
    let about = json!({
        "program": header.program,
        "project": header.project,
        "trigger": header.trigger,
        "targets": header.targets,
        "began-unix-us": header.start_unix_us,
        "missing-events": times.dropped,
    });
    write!(trace.out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[")?;
    write_elements(times, &mut trace)?;
    write_workers(times, &mut trace)?;
    let primed = write_primed(times, &mut trace)?;
    let requests = write_requests(times, &mut trace)?;
    write_arrows(times, &primed, &requests, &mut trace)?;
    for load in &times.loads {
        let args = json!({ "run or wait": load.busy, "workers": load.slots });
        trace.event(
            &json!({ "ph": "C", "name": "load", "pid": LOAD, "tid": 0, "ts": load.at_us, "args": args }),
        )?;
    }
    if !times.loads.is_empty() {
        trace.group(LOAD, "Load of the workers")?;
    }
    trace.out.write_all(b"\n]}\n")?;
    trace.out.flush()
}

struct TraceWriter<W> {
    out: W,
    first: bool,
}

impl<W: Write> TraceWriter<W> {
    fn event(&mut self, event: &Value) -> io::Result<()> {
        self.out.write_all(if std::mem::replace(&mut self.first, false) { b"\n" } else { b",\n" })?;
        Ok(serde_json::to_writer(&mut self.out, event)?)
    }

    fn group(&mut self, group: u32, name: &str) -> io::Result<()> {
        self.event(
            &json!({ "ph": "M", "name": "process_name", "pid": group, "tid": 0, "args": { "name": name } }),
        )?;
        let args = json!({ "sort_index": group });
        self.event(&json!({ "ph": "M", "name": "process_sort_index", "pid": group, "tid": 0, "args": args }))
    }

    fn track(&mut self, track: Track, name: &str) -> io::Result<()> {
        let Track { group, number } = track;
        let args = json!({ "name": name });
        self.event(&json!({ "ph": "M", "name": "thread_name", "pid": group, "tid": number, "args": args }))?;
        let args = json!({ "sort_index": number });
        self.event(
            &json!({ "ph": "M", "name": "thread_sort_index", "pid": group, "tid": number, "args": args }),
        )
    }

    fn span(&mut self, span: &TraceSpan, name: &str, category: &str, args: &Value) -> io::Result<()> {
        let TraceSpan { track: Track { group, number }, start_us, end_us } = *span;
        let took = end_us - start_us;
        self.event(&json!({
            "ph": "X", "name": name, "cat": category, "pid": group, "tid": number, "ts": start_us, "dur": took, "args": args
        }))
    }
}

#[derive(Clone, Copy)]
struct Track {
    group: u32,
    number: usize,
}

/// Where a span is drawn. It has a length, so that an arrow can begin or end within it.
#[derive(Clone, Copy)]
struct TraceSpan {
    track: Track,
    start_us: u64,
    end_us: u64,
}

impl TraceSpan {
    /// A time within the span, as close to this one as can be.
    fn nearest(&self, at_us: u64) -> u64 {
        at_us.clamp(self.start_us, self.end_us - 1)
    }
}

/// Puts spans of a group on as few tracks as they need, from this number on.
fn on_tracks(group: u32, first: usize, spans: &[(u64, u64)]) -> Vec<TraceSpan> {
    // Times of a recording may be as large as numbers can be.
    let with_length = |(start, end): &(u64, u64)| {
        let start = (*start).min(u64::MAX - 1);
        (start, (*end).max(start + 1))
    };
    let spans: Vec<(u64, u64)> = spans.iter().map(with_length).collect();
    let placed = lanes(&spans).into_iter().zip(spans);
    let placed = placed.map(|(lane, (start_us, end_us))| TraceSpan {
        track: Track { group, number: first + lane },
        start_us,
        end_us,
    });
    placed.collect()
}

fn track_count(spans: &[TraceSpan], first: usize) -> usize {
    spans.iter().map(|span| span.track.number + 1 - first).max().unwrap_or(0)
}

fn write_elements<W: Write>(times: &SessionTimes, trace: &mut TraceWriter<W>) -> io::Result<()> {
    let last_us = times.last_us();
    let mut by_element = BTreeMap::<usize, Vec<&JobTimes>>::new();
    for job in times.jobs.iter().filter(|job| job.start_us.is_some()) {
        by_element.entry(job.element).or_default().push(job);
    }
    if !by_element.is_empty() {
        trace.group(ELEMENTS, "Elements")?;
    }
    let mut first = 1;
    for (element, jobs) in by_element {
        let span = |job: &&JobTimes| (job.start_us.unwrap_or(0), job.end_us.unwrap_or(last_us));
        let spans = on_tracks(ELEMENTS, first, &jobs.iter().map(span).collect::<Vec<_>>());
        let count = track_count(&spans, first);
        for number in first..first + count {
            trace.track(Track { group: ELEMENTS, number }, times.element_name(element))?;
        }
        for (job, span) in jobs.iter().zip(&spans) {
            let kind = &times.elements[element].kind;
            let args = json!({ "element": times.element_name(element), "kind": kind, "end": job.end });
            trace.span(span, &job.task, "job", &args)?;
        }
        first += count;
    }
    Ok(())
}

fn write_tracks<W: Write>(
    trace: &mut TraceWriter<W>,
    group: u32,
    name: &str,
    track: &str,
    spans: &[TraceSpan],
) -> io::Result<()> {
    let count = track_count(spans, 1);
    if count > 0 {
        trace.group(group, name)?;
    }
    (1..=count).try_for_each(|number| trace.track(Track { group, number }, &format!("{track} {number}")))
}

fn write_workers<W: Write>(times: &SessionTimes, trace: &mut TraceWriter<W>) -> io::Result<()> {
    let work = worker_spans(times);
    let spans =
        on_tracks(WORKERS, 1, &work.iter().map(|span| (span.start_us, span.end_us)).collect::<Vec<_>>());
    write_tracks(trace, WORKERS, "Workers", "slot", &spans)?;
    for (work, span) in work.iter().zip(&spans) {
        match work.work {
            Work::Requested(number) => {
                let request = &times.requests[number];
                trace.span(span, &times.name_of(request), "requested", &request_facts(times, request))?;
            }
            Work::Primed(number) => {
                let primed = &times.primed[number];
                trace.span(
                    span,
                    &times.name_of_primed(primed),
                    "primed",
                    &primed_facts(times, primed, None),
                )?;
            }
        }
    }
    Ok(())
}

fn write_primed<W: Write>(times: &SessionTimes, trace: &mut TraceWriter<W>) -> io::Result<Vec<TraceSpan>> {
    let (ends, last_us) = (action_ends(times), times.last_us());
    let span = |primed: &PrimedTimes| (primed.submitted_us, primed.ended_us.unwrap_or(last_us));
    let spans = on_tracks(PRIMED, 1, &times.primed.iter().map(span).collect::<Vec<_>>());
    write_tracks(trace, PRIMED, "Primed actions", "primed", &spans)?;
    for (primed, span) in times.primed.iter().zip(&spans) {
        let end = ends.get(primed.action as usize).map(|end| end.title());
        trace.span(span, &times.name_of_primed(primed), "primed", &primed_facts(times, primed, end))?;
    }
    Ok(spans)
}

fn write_requests<W: Write>(times: &SessionTimes, trace: &mut TraceWriter<W>) -> io::Result<Vec<TraceSpan>> {
    let span = |request: &RequestTimes| (request.asked_us, request.answered_us);
    let spans = on_tracks(REQUESTS, 1, &times.requests.iter().map(span).collect::<Vec<_>>());
    write_tracks(trace, REQUESTS, "Requests of builds", "request", &spans)?;
    for (request, span) in times.requests.iter().zip(&spans) {
        trace.span(span, &times.name_of(request), "request", &request_facts(times, request))?;
    }
    Ok(spans)
}

fn request_facts(times: &SessionTimes, request: &RequestTimes) -> Value {
    json!({
        "element": times.element_name(request.element),
        "answered": request.answered,
        "failed": request.failed,
        "action": request.digest.hex(),
        "queued-us": request.cost.as_ref().map(|cost| cost.queued_us),
        "cpu-ms": request.cost.as_ref().map(|cost| cost.cpu_ms),
    })
}

fn primed_facts(times: &SessionTimes, primed: &PrimedTimes, end: Option<&str>) -> Value {
    let element = times.actions.get(primed.action as usize).map(|action| times.element_name(action.element));
    json!({
        "element": element,
        "outcome": primed.outcome,
        "came-of-it": end,
        "action": primed.digest.hex(),
        "cpu-ms": primed.cost.as_ref().map(|cost| cost.cpu_ms),
    })
}

/// Arrows from primed actions to the requests that used them.
fn write_arrows<W: Write>(
    times: &SessionTimes,
    primed: &[TraceSpan],
    requests: &[TraceSpan],
    trace: &mut TraceWriter<W>,
) -> io::Result<()> {
    let done =
        |primed: &PrimedTimes| !matches!(primed.outcome.as_str(), "not-executed" | "content-elsewhere");
    let made = times.primed.iter().zip(primed).filter(|(primed, _)| done(primed));
    let by_digest: HashMap<&Digest, &TraceSpan> = made.map(|(primed, span)| (&primed.digest, span)).collect();
    let mut number = 0;
    for (request, to) in times.requests.iter().zip(requests) {
        let Some(from) = by_digest.get(&request.digest) else { continue };
        let uses = matches!(request.answered.as_str(), "joined" | "cache-hit") && from.start_us < to.end_us;
        if !uses {
            continue;
        }
        number += 1;
        let begins = from.nearest(to.start_us);
        let ends = to.nearest(begins.max(to.start_us));
        let Track { group, number: track } = from.track;
        trace.event(&json!({
            "ph": "s", "name": "used", "cat": "use", "id": number, "pid": group, "tid": track, "ts": begins
        }))?;
        let Track { group, number: track } = to.track;
        trace.event(&json!({
            "ph": "f", "bp": "e", "name": "used", "cat": "use", "id": number, "pid": group, "tid": track, "ts": ends
        }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
