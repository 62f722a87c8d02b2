//! The record of what an action that runs commands had answered through its own socket.

use std::time::SystemTime;

use spec_model::{ActionResult, AnswerSource, Cancel, Digest, Subaction};

use crate::pool::Executions;
use crate::rights::Rights;

/// The answer to an action that ran commands.
pub(super) struct Answer<'a> {
    pub(super) result: &'a ActionResult,
    /// Whether it was kept from earlier, and nothing ran.
    pub(super) cached: bool,
    /// Whether it ran on another machine.
    pub(super) elsewhere: bool,
    /// When the action was asked for.
    pub(super) asked: SystemTime,
}

/// The record of the actions that a result names, in the order of their requests, without those whose results are known neither
/// here nor where the action ran.
pub(super) fn subactions(
    executions: &Executions,
    rights: &Rights,
    answer: &Answer<'_>,
    cancel: &Cancel,
) -> Vec<Subaction> {
    let named = &answer.result.subactions;
    let here: Vec<_> = named.iter().map(|one| known_result(executions, one, rights)).collect();
    let absent = named.iter().zip(&here).filter(|(_, known)| known.is_none());
    let absent: Vec<Digest> = absent.map(|(action, _)| *action).collect();
    let there =
        if absent.is_empty() { Default::default() } else { executions.find_subactions(&absent, cancel) };
    let mut recorder = SubactionRecorder::of(answer);
    let known = named.iter().zip(here);
    known
        .filter_map(|(action, known)| {
            // What is known here of what was requested elsewhere was there before, such as what was primed.
            let was_there = answer.elsewhere && known.is_some();
            let known = known.or_else(|| there.get(action).cloned())?;
            Some(recorder.subaction(*action, known, was_there))
        })
        .collect()
}

/// What the log says of actions that are not recorded.
pub(super) fn unrecorded(named: usize, recorded: usize) -> Option<String> {
    match named {
        0 => Some("# their result names no actions that they requested: nothing is recorded".to_owned()),
        _ if recorded == named => None,
        _ => Some(format!(
            "# {recorded} of the {named} actions that they requested are recorded: the others have no result that is kept"
        )),
    }
}

fn known_result(executions: &Executions, action: &Digest, rights: &Rights) -> Option<ActionResult> {
    let results = executions.results();
    results.grant(action, rights).and_then(|granted| results.get(&granted)).ok().flatten()
}

/// Makes records in the order of the requests.
struct SubactionRecorder {
    /// When the commands began, by the clock of where they ran; `None` if they did not run.
    began: Option<SystemTime>,
    /// When the last action was asked for.
    asked: SystemTime,
}

impl SubactionRecorder {
    fn of(answer: &Answer<'_>) -> Self {
        let began = answer.result.metadata.executed.start.unwrap_or(answer.asked);
        Self { began: Some(began).filter(|_| !answer.cached), asked: answer.asked.max(began) }
    }

    fn subaction(&mut self, action: Digest, result: ActionResult, was_there: bool) -> Subaction {
        let executed = result.metadata.executed;
        let is_new =
            !was_there && executed.start.zip(self.began).is_some_and(|(start, began)| start >= began);
        let took = executed.start.zip(executed.end).filter(|_| is_new);
        self.asked =
            result.metadata.queued.filter(|queued| is_new && *queued >= self.asked).unwrap_or(self.asked);
        Subaction {
            action,
            answered: if is_new { AnswerSource::Executed } else { AnswerSource::CacheHit },
            asked: self.asked,
            took: took.and_then(|(start, end)| end.duration_since(start).ok()).unwrap_or_default(),
            outcome: Ok(result),
        }
    }
}
