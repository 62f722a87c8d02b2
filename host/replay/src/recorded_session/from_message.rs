//! Converts messages of recordings. They are untrusted, so that all numbers are checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use spec_model::Digest;
use spec_recording::message;
use spec_scheduler::Task;
use spec_speculation::priming::{AdaptResult, SessionRecord};
use spec_speculation::{
    ActionId, Adaptation, Content, ElementId, ExpandedAction, ExpandedRecord, InputId, Record,
};

use crate::adaptations::{KnownEnd, KnownExecution, PathContents};
use crate::element_requests::{RecordedRequest, RequestSource};

/// What is wrong with a message.
type Fault = String;

pub(super) fn digest(digest: &message::Digest) -> Result<Digest, Fault> {
    spec_recording::digest(digest).ok_or_else(|| "a hash does not have 32 bytes".to_owned())
}

pub(super) fn required_digest(given: Option<&message::Digest>) -> Result<Digest, Fault> {
    digest(given.ok_or("a digest is missing")?)
}

pub(super) fn task(name: &str) -> Result<Task, Fault> {
    let task = Task::ALL.into_iter().find(|task| task.to_string() == name);
    task.ok_or_else(|| format!("'{name}' is no task of a job"))
}

/// The limits of tasks that this version knows.
pub(super) fn limits(limits: &message::JobLimits) -> BTreeMap<Task, usize> {
    let limit = |limit: &message::JobLimit| Some((task(&limit.task).ok()?, limit.limit as usize));
    limits.limits.iter().filter_map(limit).collect()
}

fn content(content: message::Content) -> Result<Content, Fault> {
    Ok(match content.file {
        Some(file) => Content::File { digest: digest(&file)?, executable: content.executable },
        None => Content::Symlink(content.target),
    })
}

pub(super) fn path_contents(paths: Vec<message::PathContent>) -> Result<PathContents, Fault> {
    let entry = |entry: message::PathContent| Ok((entry.path, entry.content.map(content).transpose()?));
    paths.into_iter().map(entry).collect()
}

/// Files that were written; what is nothing is left out.
fn outputs(paths: Vec<message::PathContent>) -> Result<Vec<(String, Content)>, Fault> {
    let entries = path_contents(paths)?.into_iter();
    Ok(entries.filter_map(|(path, content)| Some((path, content?))).collect())
}

pub(super) fn session_record(message: message::Record) -> Result<SessionRecord, Fault> {
    let record = Record::decode_compact(&message.speculative_actions)?;
    let name = record.element().to_owned();
    if record.actions.len() != message.actions.len() {
        return Err(format!("the record of {name} has {} actions", record.actions.len()));
    }
    let inputs = record.inputs.len();
    let actions = message.actions.into_iter().map(|action| base_action(action, inputs));
    let actions = actions.collect::<Result<_, _>>()?;
    let elements = |elements: Vec<u32>| elements.into_iter().map(ElementId).collect();
    Ok(SessionRecord {
        record: Arc::new(ExpandedRecord { record, actions }),
        closure: elements(message.closure),
        before: elements(message.before),
    })
}

fn base_action(action: message::BaseAction, inputs: usize) -> Result<Option<ExpandedAction>, Fault> {
    let Some(command) = action.command else { return Ok(None) };
    let mut last = 0u32;
    let input = |step: u32| {
        last = last.checked_add(step).filter(|input| (*input as usize) < inputs).ok_or("no such input")?;
        Ok(InputId(last))
    };
    let inputs = action.input_steps.into_iter().map(input).collect::<Result<_, Fault>>()?;
    Ok(Some(ExpandedAction { command: digest(&command)?, program: action.program.into(), inputs }))
}

pub(super) fn adapted(message: message::Adapted) -> Result<(ActionId, Adaptation, AdaptResult), Fault> {
    let tree = |tree: &message::TreeChange| {
        Ok((required_digest(tree.before.as_ref())?, required_digest(tree.after.as_ref())?))
    };
    let trees = message.trees.iter().map(tree).collect::<Result<_, Fault>>()?;
    let adaptation = Adaptation { inputs: path_contents(message.inputs)?, trees };
    let result = match (&message.digest, &message.command) {
        (Some(action), Some(command)) => {
            AdaptResult::Action { digest: digest(action)?, command: digest(command)? }
        }
        (Some(_), None) => AdaptResult::Unchanged,
        (None, _) => AdaptResult::Contradiction,
    };
    Ok((ActionId(message.action), adaptation, result))
}

/// An execution of a primed action; `None` if it was not executed to its end.
pub(super) fn executed(message: message::Executed) -> Result<(Digest, Option<KnownExecution>), Fault> {
    let action = required_digest(message.digest.as_ref())?;
    let end = match message.outcome.as_str() {
        "succeeded" => KnownEnd::Succeeds(outputs(message.outputs)?),
        "failed" => KnownEnd::Fails,
        "content-elsewhere" => KnownEnd::LacksContent,
        _ => return Ok((action, None)),
    };
    Ok((action, Some(KnownExecution { cost: message.cost, end, bytes: message.bytes })))
}

pub(super) fn request(time_us: u64, message: message::Request) -> Result<RecordedRequest, Fault> {
    let source = match message.answered.as_str() {
        "executed" => RequestSource::Executed,
        "joined" => RequestSource::Joined,
        "cache-hit" => RequestSource::CacheHit,
        "uploaded" => RequestSource::Uploaded,
        other => return Err(format!("'{other}' is no way of answering a request")),
    };
    let outputs = if message.failed { None } else { Some(outputs(message.outputs)?) };
    Ok(RecordedRequest {
        digest: required_digest(message.digest.as_ref())?,
        asked_us: message.asked_us,
        answered_us: time_us.max(message.asked_us),
        source,
        cost: message.cost,
        outputs,
    })
}

/// What a request says of executing its action.
pub(super) fn execution(request: &RecordedRequest) -> KnownExecution {
    let end = request.outputs.clone().map_or(KnownEnd::Fails, KnownEnd::Succeeds);
    let size = |(_, content): &(String, Content)| match content {
        Content::File { digest, .. } => digest.size(),
        Content::Symlink(_) => 0,
    };
    let bytes = request.outputs.iter().flatten().map(size).sum();
    KnownExecution { cost: request.cost, end, bytes }
}
