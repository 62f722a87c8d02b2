//! The chain of jobs that decided how long a session took.

use std::collections::HashSet;

use crate::session_times::{RequestTimes, SessionTimes};

/// A job on the critical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathStep {
    pub(crate) job: usize,
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
    /// The time from the end of the job before, or from the beginning of the session, until it was started.
    pub(crate) waited_us: u64,
}

/// The path to the job that ended last: before each job, that job of those it waited for which ended last. In the order of
/// time.
pub(crate) fn critical_path(times: &SessionTimes) -> Vec<PathStep> {
    let (mut path, mut seen) = (Vec::new(), HashSet::new());
    let mut next = last_of(times, 0..times.jobs.len());
    while let Some(job) = next {
        seen.insert(job);
        let (Some(start_us), Some(end_us)) = (times.jobs[job].start_us, times.jobs[job].end_us) else {
            break;
        };
        let before = times.jobs[job].after.iter().filter_map(|other| in_place_of(times, *other));
        // What ended later than this one began cannot have been waited for.
        let before = before.filter(|other| times.jobs[*other].end_us.is_some_and(|end| end <= start_us));
        next = last_of(times, before.filter(|other| !seen.contains(other)));
        let since = next.and_then(|before| times.jobs[before].end_us).unwrap_or(0);
        let waited_us = start_us.saturating_sub(since);
        path.push(PathStep { job, start_us, end_us: end_us.max(start_us), waited_us });
    }
    path.reverse();
    path
}

fn last_of(times: &SessionTimes, jobs: impl Iterator<Item = usize>) -> Option<usize> {
    let ran = jobs.filter(|job| times.jobs[*job].start_us.is_some() && times.jobs[*job].end_us.is_some());
    ran.max_by_key(|job| (times.jobs[*job].end_us, *job))
}

/// The job that was waited for in the place of one that was superseded.
fn in_place_of(times: &SessionTimes, mut job: usize) -> Option<usize> {
    // As many steps as there are jobs, should they supersede each other in a circle.
    for _ in 0..times.jobs.len() {
        match times.jobs[job].superseded_by {
            Some(by) => job = by,
            None if times.jobs[job].end == "superseded" => return None,
            None => return Some(job),
        }
    }
    None
}

/// The requests of an element that decided how long its build took: before each moment the one that was answered last, and
/// before it was asked, the next one. In the order of time.
pub(crate) fn requests_on_path(
    times: &SessionTimes,
    element: usize,
    start_us: u64,
    end_us: u64,
) -> Vec<&RequestTimes> {
    let of_element = times.requests.iter().filter(|request| request.element == element);
    let mut requests: Vec<&RequestTimes> =
        of_element.filter(|request| request.asked_us >= start_us).collect();
    requests.sort_by_key(|request| (request.answered_us, request.asked_us));
    let (mut path, mut until_us) = (Vec::new(), end_us);
    for request in requests.into_iter().rev() {
        if request.answered_us <= until_us {
            until_us = request.asked_us;
            path.push(request);
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests;
