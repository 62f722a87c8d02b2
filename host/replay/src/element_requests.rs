//! The requests of an element's build: when they are asked for, depending on when others are answered.

use spec_model::Digest;
use spec_recording::message::Cost;
use spec_speculation::Content;

/// A request of an element's build, with the times of the recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordedRequest {
    pub(crate) digest: Digest,
    pub(crate) asked_us: u64,
    pub(crate) answered_us: u64,
    pub(crate) source: RequestSource,
    /// What executing it takes.
    pub(crate) cost: Option<Cost>,
    /// The files that it wrote; `None` if it failed.
    pub(crate) outputs: Option<Vec<(String, Content)>>,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestSource {
    Executed,
    Joined,
    CacheHit,
    /// The client executed it itself.
    Uploaded,
}

impl RecordedRequest {
    /// The time between asking and the answer that neither waiting for a worker nor its work took; `None` when that is
    /// not known.
    pub(crate) fn overhead_us(&self) -> Option<u64> {
        let took = self.answered_us.saturating_sub(self.asked_us);
        match (self.source, &self.cost) {
            (RequestSource::Executed, Some(cost)) => {
                Some(took.saturating_sub(cost.queued_us.saturating_add(cost.worked_us)))
            }
            _ => None,
        }
    }
}

/// When a request is asked for: some time after another one was answered, or after the build began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskTime {
    pub(crate) after: Option<usize>,
    pub(crate) think_us: u64,
}

/// The requests of one element in a simulation.
#[derive(Debug, Default)]
pub(crate) struct ElementRequests {
    /// In the order in which they were asked for.
    pub(crate) requests: Vec<RecordedRequest>,
    /// The requests that are asked for after each was answered.
    followers: Vec<Vec<(usize, u64)>>,
    /// The requests that are asked for some time after the build began.
    first: Vec<(usize, u64)>,
    /// The time from the last answer to the end of the build; from its beginning if there is no request.
    rest_us: u64,
}

impl ElementRequests {
    /// The requests of a build that was recorded from `start_us` to `end_us`.
    pub(crate) fn new(mut requests: Vec<RecordedRequest>, start_us: u64, end_us: u64) -> Self {
        requests.sort_by_key(|request| (request.asked_us, request.answered_us));
        let mut followers = vec![Vec::new(); requests.len()];
        let mut first = Vec::new();
        for (index, AskTime { after, think_us }) in ask_times(&requests, start_us).into_iter().enumerate() {
            match after {
                Some(other) => followers[other].push((index, think_us)),
                None => first.push((index, think_us)),
            }
        }
        let last = requests.iter().map(|request| request.answered_us).max().unwrap_or(start_us);
        Self { requests, followers, first, rest_us: end_us.saturating_sub(last) }
    }

    /// The requests that are asked for when the build begins, each with the time until then.
    pub(crate) fn first(&self) -> &[(usize, u64)] {
        &self.first
    }

    /// The requests that are asked for after this one is answered.
    pub(crate) fn after(&self, request: usize) -> &[(usize, u64)] {
        &self.followers[request]
    }

    pub(crate) fn rest_us(&self) -> u64 {
        self.rest_us
    }
}

/// A request follows the latest one that had been answered when it was asked for.
fn ask_times(requests: &[RecordedRequest], start_us: u64) -> Vec<AskTime> {
    let mut by_answer: Vec<usize> = (0..requests.len()).collect();
    by_answer.sort_by_key(|index| (requests[*index].answered_us, *index));
    let mut answered = by_answer.into_iter().peekable();
    let mut last = None;
    let time = |(index, request): (usize, &RecordedRequest)| {
        // Of several at one time, a request only follows one that is before it.
        let is_before = |other: &usize| (requests[*other].answered_us, *other) < (request.asked_us, index);
        while let Some(other) = answered.next_if(is_before) {
            last = Some(other);
        }
        let since = last.map_or(start_us, |other: usize| requests[other].answered_us);
        AskTime { after: last, think_us: request.asked_us.saturating_sub(since) }
    };
    requests.iter().enumerate().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(asked_us: u64, answered_us: u64) -> RecordedRequest {
        let (digest, source) = (Digest::of(b""), RequestSource::Executed);
        RecordedRequest { digest, asked_us, answered_us, source, cost: None, outputs: None }
    }

    #[test]
    fn a_request_follows_the_latest_answer() {
        let requests = vec![request(110, 200), request(120, 150), request(155, 300), request(210, 220)];
        let build = ElementRequests::new(requests, 100, 320);
        assert_eq!(build.first(), [(0, 10), (1, 20)]);
        assert_eq!((build.after(1), build.after(0)), ([(2, 5)].as_slice(), [(3, 10)].as_slice()));
        assert_eq!((build.after(2), build.after(3), build.rest_us()), ([].as_slice(), [].as_slice(), 20));
    }

    #[test]
    fn a_request_that_is_answered_at_once_does_not_follow_itself() {
        let build = ElementRequests::new(vec![request(10, 10), request(10, 10)], 0, 12);
        let first: Vec<usize> = build.first().iter().map(|(index, _)| *index).collect();
        assert!(first.contains(&0), "{first:?}");
        assert_eq!(build.first().len() + build.after(0).len() + build.after(1).len(), 2);
    }
}
