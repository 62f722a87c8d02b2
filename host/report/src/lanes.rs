//! Puts spans of time into lanes, so that no two in a lane overlap.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::session_times::SessionTimes;

/// By span, its lane: the lowest one that is free when it begins.
pub(crate) fn lanes(spans: &[(u64, u64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|span| (spans[*span], *span));
    let mut lanes = vec![0; spans.len()];
    let (mut busy, mut free, mut count) = (BinaryHeap::new(), BTreeSet::new(), 0);
    for span in order {
        let (start, end) = spans[span];
        while let Some(&Reverse((until, lane))) = busy.peek()
            && until <= start
        {
            busy.pop();
            free.insert(lane);
        }
        let lane = free.pop_first().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        lanes[span] = lane;
        // A span without length takes its lane, too.
        busy.push(Reverse((end.max(start.saturating_add(1)), lane)));
    }
    lanes
}

/// An action that kept a worker busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerSpan {
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
    pub(crate) work: Work,
}

/// What a worker was busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A request, as an index of the requests.
    Requested(usize),
    /// A primed action, as an index of the primed ones.
    Primed(usize),
}

/// What the workers executed, as far as it is known.
pub(crate) fn worker_spans(times: &SessionTimes) -> Vec<WorkerSpan> {
    let requested = times.requests.iter().enumerate().filter(|(_, request)| request.answered == "executed");
    let requested = requested.filter_map(|(number, request)| {
        let cost = request.cost.as_ref()?;
        let start_us = request.asked_us.saturating_add(cost.queued_us).min(request.answered_us);
        let end_us = start_us.saturating_add(cost.worked_us).min(request.answered_us);
        Some(WorkerSpan { start_us, end_us, work: Work::Requested(number) })
    });
    let primed = times.primed.iter().enumerate().filter_map(|(number, primed)| {
        let (cost, end_us) = (primed.cost.as_ref()?, primed.ended_us?);
        let start_us = end_us.saturating_sub(cost.worked_us).max(primed.submitted_us);
        Some(WorkerSpan { start_us, end_us, work: Work::Primed(number) })
    });
    requested.chain(primed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_in_different_lanes() {
        assert_eq!(lanes(&[(0, 10), (5, 6), (6, 9), (10, 12), (5, 20)]), [0, 1, 1, 0, 2]);
        assert_eq!(lanes(&[(3, 3), (3, 3)]), [0, 1], "without length");
    }
}
