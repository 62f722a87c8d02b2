//! What came of the recorded actions, and why: hits and misses.

use std::collections::{BTreeMap, HashMap, HashSet};

use spec_model::Digest;
use spec_recording::message::PathContent;

use crate::session_times::{RecordedActionEvents, SessionTimes};

/// What came of a recorded action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ActionEnd {
    /// Its result was there when the build asked for it.
    Used,
    /// It ran or waited when the build asked for it.
    Joined,
    /// Nothing that it reads has changed.
    Unchanged,
    /// It was predicted rightly, and was not executed before the build asked for it.
    TooLate,
    /// The build asked for another action in its place.
    PredictedWrongly,
    /// It failed when it was executed ahead.
    Failed,
    /// It was submitted, and the build did not ask for it.
    Unused,
    /// The build ended, or asked for it, before it could be predicted.
    NotPredicted,
    /// It was predicted, not submitted, and not asked for.
    NotAskedFor,
}

impl ActionEnd {
    pub(crate) const ALL: [Self; 9] = [
        Self::Used,
        Self::Joined,
        Self::Unchanged,
        Self::TooLate,
        Self::PredictedWrongly,
        Self::Failed,
        Self::Unused,
        Self::NotPredicted,
        Self::NotAskedFor,
    ];

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Joined => "joined",
            Self::Unchanged => "unchanged",
            Self::TooLate => "too late",
            Self::PredictedWrongly => "predicted wrongly",
            Self::Failed => "failed",
            Self::Unused => "unused",
            Self::NotPredicted => "not predicted",
            Self::NotAskedFor => "not asked for",
        }
    }

    /// What it means.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Used => "executed ahead; its result was there when the build asked for it",
            Self::Joined => "it ran or waited when the build asked for it, so that the build waited less",
            Self::Unchanged => "nothing that it reads has changed; there was nothing to execute ahead",
            Self::TooLate => "predicted rightly, and not executed before the build asked for it",
            Self::PredictedWrongly => "the build asked for another action in its place",
            Self::Failed => "it failed when it was executed ahead",
            Self::Unused => "executed ahead or submitted; the build did not ask for it",
            Self::NotPredicted => "what it reads was not known in time, or it cannot be predicted",
            Self::NotAskedFor => "predicted, not submitted, and the build did not ask for it",
        }
    }

    /// Whether the build had something of the prediction, or could have nothing.
    pub(crate) fn is_miss(self) -> bool {
        !matches!(self, Self::Used | Self::Joined | Self::Unchanged)
    }
}

/// How many actions came to each end.
pub(crate) fn count(ends: &[ActionEnd]) -> BTreeMap<ActionEnd, usize> {
    let mut counts = BTreeMap::new();
    for end in ends {
        *counts.entry(*end).or_default() += 1;
    }
    counts
}

/// What came of each recorded action.
pub(crate) fn action_ends(times: &SessionTimes) -> Vec<ActionEnd> {
    let answered = AnsweredRequests::new(times);
    times.actions.iter().map(|action| end_of(times, &answered, action)).collect()
}

/// How requests were answered, by digest.
struct AnsweredRequests<'a> {
    asked: HashSet<Digest>,
    joined: HashSet<Digest>,
    /// The first time that each was asked for.
    first: HashMap<&'a Digest, u64>,
}

impl<'a> AnsweredRequests<'a> {
    fn new(times: &'a SessionTimes) -> Self {
        let mut first = HashMap::new();
        for request in &times.requests {
            let earliest = first.entry(&request.digest).or_insert(request.asked_us);
            *earliest = request.asked_us.min(*earliest);
        }
        let joined = times.requests.iter().filter(|request| request.answered == "joined");
        Self {
            asked: times.requests.iter().map(|request| request.digest).collect(),
            joined: joined.map(|request| request.digest).collect(),
            first,
        }
    }
}

impl AnsweredRequests<'_> {
    /// Whether the recorded action itself was asked for.
    fn has_base_of(&self, action: &RecordedActionEvents) -> bool {
        action.base.is_some_and(|base| self.asked.contains(&base))
    }
}

fn end_of(times: &SessionTimes, answered: &AnsweredRequests, action: &RecordedActionEvents) -> ActionEnd {
    match action.outcome.as_str() {
        "used" => return ActionEnd::Used,
        "joined" => return ActionEnd::Joined,
        "failed" => return ActionEnd::Failed,
        _ => {}
    }
    let predicted = action.predicted.as_ref().and_then(|predicted| predicted.digest);
    let is_unchanged = action.predicted.as_ref().is_some_and(|predicted| predicted.unchanged);
    let submission = action.submission.map(|number| &times.primed[number]);
    let requested = action.requested.as_ref().map(|(digest, _)| *digest);
    let asked = predicted.filter(|digest| answered.asked.contains(digest)).or(requested);
    match (predicted, asked) {
        (None, None) if action.predicted.is_none() && answered.has_base_of(action) => ActionEnd::Unchanged,
        (None, _) => ActionEnd::NotPredicted,
        (Some(digest), Some(asked)) if digest == asked && is_unchanged && submission.is_none() => {
            ActionEnd::Unchanged
        }
        (Some(digest), Some(asked)) if digest == asked => {
            let done = submission.filter(|primed| primed.digest == digest && primed.outcome == "succeeded");
            match done.and_then(|primed| primed.ended_us).zip(answered.first.get(&digest)) {
                Some((ended_us, asked_us)) if ended_us <= *asked_us => ActionEnd::Used,
                _ if answered.joined.contains(&digest) && submission.is_some() => ActionEnd::Joined,
                _ => ActionEnd::TooLate,
            }
        }
        (Some(_), Some(_)) => ActionEnd::PredictedWrongly,
        (Some(_), None) if is_unchanged && submission.is_none() => ActionEnd::Unchanged,
        (Some(_), None) if submission.is_some() => ActionEnd::Unused,
        (Some(_), None) => ActionEnd::NotAskedFor,
    }
}

/// Why a recorded action came to its end, for people.
pub(crate) fn why(times: &SessionTimes, action: &RecordedActionEvents, end: ActionEnd) -> String {
    match end {
        ActionEnd::TooLate => why_late(times, action),
        ActionEnd::PredictedWrongly => differing_inputs(action),
        ActionEnd::NotPredicted => match &action.predicted {
            Some(_) => "what it reads contradicts its record".to_owned(),
            None => "what it reads was not known before its element ended".to_owned(),
        },
        ActionEnd::NotAskedFor => match action.decision.as_str() {
            "hold" => "the priming policy held it".to_owned(),
            "skip" => format!("the priming policy skipped it ({})", action.reason),
            _ => "it was not submitted in time".to_owned(),
        },
        other => other.meaning().to_owned(),
    }
}

fn why_late(times: &SessionTimes, action: &RecordedActionEvents) -> String {
    let submission = action.submission.map(|number| times.primed[number].outcome.as_str());
    match (action.decision.as_str(), submission) {
        (_, Some("not-executed")) => "its worker was taken for requests of the build".to_owned(),
        (_, Some("content-elsewhere")) => "what it reads was not on this machine".to_owned(),
        ("hold", _) => "the priming policy held it".to_owned(),
        ("skip", _) => format!("the priming policy skipped it ({})", action.reason),
        _ => "no worker was free before the build asked for it".to_owned(),
    }
}

/// The most inputs that are named.
const NAMED: usize = 3;

/// The inputs of the request that are not as predicted.
fn differing_inputs(action: &RecordedActionEvents) -> String {
    let by_path = |inputs: &[PathContent]| -> BTreeMap<String, Option<spec_recording::message::Content>> {
        inputs.iter().map(|input| (input.path.clone(), input.content.clone())).collect()
    };
    let predicted = by_path(action.predicted.as_ref().map_or(&[], |predicted| &predicted.inputs));
    let requested = by_path(action.requested.as_ref().map_or(&[], |(_, inputs)| inputs));
    let paths: std::collections::BTreeSet<&String> = predicted.keys().chain(requested.keys()).collect();
    let differing: Vec<&str> = paths
        .into_iter()
        .filter(|path| predicted.get(*path) != requested.get(*path))
        .map(String::as_str)
        .collect();
    match differing.len() {
        0 => "its command line, its environment or its set of inputs was another one".to_owned(),
        count if count <= NAMED => format!("predicted otherwise: {}", differing.join(", ")),
        count => {
            format!("predicted otherwise: {} and {} more", differing[..NAMED].join(", "), count - NAMED)
        }
    }
}

#[cfg(test)]
mod tests;
