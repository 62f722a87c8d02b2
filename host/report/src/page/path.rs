//! The critical path.

use super::section as page_section;
use crate::critical_path::{PathStep, critical_path, requests_on_path};
use crate::html::{left_out, seconds, short, table};
use crate::session_times::{RequestTimes, SessionTimes};

/// The most jobs, and the most requests, that are named.
const NAMED: usize = 50;

pub(super) fn section(times: &SessionTimes) -> String {
    let path = critical_path(times);
    if path.is_empty() {
        return page_section("critical-path", "Critical path", "<p>No job ended.</p>\n");
    }
    let (waited, worked) = path.iter().fold((0u64, 0u64), |(waited, worked), step| {
        (waited.saturating_add(step.waited_us), worked.saturating_add(step.end_us - step.start_us))
    });
    let intro = format!(
        "<p>The chain of jobs that decided how long it took: {} jobs, {} in jobs and {} waiting for their turn.</p>\n",
        path.len(),
        seconds(worked),
        seconds(waited)
    );
    let mut longest: Vec<&PathStep> = path.iter().collect();
    longest.sort_by_key(|step| std::cmp::Reverse((step.end_us - step.start_us, step.job)));
    longest.truncate(NAMED);
    longest.sort_by_key(|step| (step.start_us, step.job));
    let heads = ["element", "job", "waited", "began", "took", "requests on the path", "in requests"];
    let mut on_path: Vec<&RequestTimes> = Vec::new();
    let rows: Vec<Vec<String>> = longest
        .iter()
        .map(|step| {
            let job = &times.jobs[step.job];
            let requests = match job.task.as_str() {
                "build" => requests_on_path(times, job.element, step.start_us, step.end_us),
                _ => Vec::new(),
            };
            let in_requests = requests.iter().map(|request| request.took_us()).sum();
            let count = requests.len();
            on_path.extend(requests);
            vec![
                short(times.element_name(job.element)),
                short(&job.task),
                seconds(step.waited_us),
                seconds(step.start_us),
                seconds(step.end_us - step.start_us),
                count.to_string(),
                seconds(in_requests),
            ]
        })
        .collect();
    let body = [
        intro,
        table("Jobs on the critical path", &heads, &[2, 3, 4, 5, 6], &rows),
        left_out(path.len() - rows.len(), "jobs of the path, the shortest"),
        requests(times, on_path),
    ];
    page_section("critical-path", "Critical path", &body.concat())
}

/// The longest requests on the path.
fn requests(times: &SessionTimes, mut on_path: Vec<&RequestTimes>) -> String {
    if on_path.is_empty() {
        return String::new();
    }
    let count = on_path.len();
    on_path.sort_by_key(|request| std::cmp::Reverse((request.took_us(), request.asked_us)));
    on_path.truncate(NAMED);
    let heads = ["element", "action", "answered", "asked for", "took", "waited for a worker"];
    let rows: Vec<Vec<String>> = on_path
        .iter()
        .map(|request| {
            let queued = request.cost.as_ref().filter(|_| request.answered == "executed");
            vec![
                short(times.element_name(request.element)),
                short(&times.name_of(request)),
                short(&request.answered),
                seconds(request.asked_us),
                seconds(request.took_us()),
                queued.map_or(String::new(), |cost| seconds(cost.queued_us)),
            ]
        })
        .collect();
    table("The longest requests on the critical path", &heads, &[3, 4, 5], &rows)
        + &left_out(count - rows.len(), "requests of the path, the shortest")
}
