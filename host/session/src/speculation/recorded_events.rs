//! Records what the speculation loop learns and does, for replays.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_model::{Digest, ExecutionMetadata, Subaction, TimeSpan};
use spec_recording::message::{self, Event};
use spec_recording::{SessionRecorder, digest_message};
use spec_speculation::priming::{AdaptResult, ExecutionEnd, ExecutionOutcome, SessionRecord, WorkerLoad};
use spec_speculation::{
    ActionId, Adaptation, Content, ElementId, ExpandedAction, ExpandedRecord, Fact, InputId,
    SpeculationTotals,
};

/// Records that the actions of a record are predicted from now on.
pub(super) fn record_registered(recorder: &SessionRecorder, element: ElementId, registered: &SessionRecord) {
    let (record, closure) = (Arc::clone(&registered.record), numbers(&registered.closure));
    let before = numbers(&registered.before);
    recorder.record(move || {
        Event::Record(message::Record {
            element: element.0,
            closure,
            before,
            speculative_actions: record.record.encode_compact(),
            actions: record.actions.iter().map(base_action).collect(),
        })
    });
}

fn numbers(elements: &[ElementId]) -> Vec<u32> {
    elements.iter().map(|element| element.0).collect()
}

fn base_action(action: &Option<ExpandedAction>) -> message::BaseAction {
    let Some(action) = action else { return message::BaseAction::default() };
    let mut last = 0;
    let steps = action.inputs.iter().map(|input| input.0 - std::mem::replace(&mut last, input.0));
    message::BaseAction {
        command: Some(digest_message(&action.command)),
        program: action.program.to_string(),
        input_steps: steps.collect(),
    }
}

/// Records what is at paths of an element's sources or artifact; `None` when these will never exist.
pub(super) fn record_files<'a>(
    recorder: &SessionRecorder,
    fact: Fact,
    found: Option<impl Iterator<Item = (&'a str, Option<Content>)>>,
) {
    let (element, artifact) = match fact {
        Fact::Sources(element) => (element.0, false),
        Fact::Artifact(element) => (element.0, true),
        Fact::Outputs(_) | Fact::Tree(_) => return,
    };
    if !recorder.is_on() {
        return;
    }
    let unavailable = found.is_none();
    let found: Vec<(String, Option<Content>)> =
        found.into_iter().flatten().map(|(path, content)| (path.to_owned(), content)).collect();
    recorder.record(move || {
        Event::Files(message::Files { element, artifact, unavailable, paths: paths(&found) })
    });
}

/// Records a tree of these elements; `None` when it cannot be made.
pub(super) fn record_tree(recorder: &SessionRecorder, elements: &[ElementId], tree: Option<Digest>) {
    let elements = numbers(elements);
    recorder.record(move || Event::Tree(message::Tree { elements, tree: tree.as_ref().map(digest_message) }));
}

/// Records which action a prediction means.
pub(super) fn record_adapted(
    recorder: &SessionRecorder,
    action: ActionId,
    base: Digest,
    adaptation: Adaptation,
    result: AdaptResult,
) {
    recorder.record(move || {
        let (digest, command) = match result {
            AdaptResult::Unchanged => (Some(base), None),
            AdaptResult::Action { digest, command } => (Some(digest), Some(command)),
            AdaptResult::Contradiction => (None, None),
        };
        let tree = |(before, after): &(Digest, Digest)| message::TreeChange {
            before: Some(digest_message(before)),
            after: Some(digest_message(after)),
        };
        Event::Adapted(message::Adapted {
            action: action.0,
            inputs: paths(&adaptation.inputs),
            trees: adaptation.trees.iter().map(tree).collect(),
            digest: digest.as_ref().map(digest_message),
            command: command.as_ref().map(digest_message),
        })
    });
}

/// Records that a primed action was submitted.
pub(super) fn record_submitted(recorder: &SessionRecorder, action: ActionId, digest: Digest, priority: i32) {
    recorder.record(move || {
        let digest = Some(digest_message(&digest));
        Event::Submitted(message::Submitted { action: action.0, digest, priority })
    });
}

/// Records the end of an execution of a primed action.
pub(super) fn record_executed(
    recorder: &SessionRecorder,
    action: ActionId,
    digest: Digest,
    end: &ExecutionEnd,
    cost: Option<message::Cost>,
) {
    if !recorder.is_on() {
        return;
    }
    let end = end.clone();
    recorder.record(move || {
        let (outcome, outputs) = match end.outcome {
            ExecutionOutcome::Succeeded(outputs) => ("succeeded", outputs),
            ExecutionOutcome::Failed => ("failed", Vec::new()),
            ExecutionOutcome::ContentElsewhere => ("content-elsewhere", Vec::new()),
            ExecutionOutcome::NotExecuted => ("not-executed", Vec::new()),
        };
        let outputs = outputs.into_iter().map(|(path, content)| (path, Some(content))).collect::<Vec<_>>();
        Event::Executed(message::Executed {
            action: action.0,
            digest: Some(digest_message(&digest)),
            outcome: outcome.to_owned(),
            cost,
            outputs: paths(&outputs),
            bytes: end.bytes,
        })
    });
}

/// Records that a request is in the place of a recorded action, and which of its inputs differ from the recorded ones.
pub(super) fn record_observed(
    recorder: &SessionRecorder,
    element: usize,
    (digest, action): (Digest, ActionId),
    record: &Arc<ExpandedRecord>,
    observed: &[(InputId, Content)],
) {
    if !recorder.is_on() {
        return;
    }
    let (record, observed) = (Arc::clone(record), observed.to_vec());
    recorder.record(move || {
        let recorded = |input: &InputId| &record.record.inputs[input.0 as usize];
        let differs = |(input, content): &&(InputId, Content)| recorded(input).content != *content;
        let inputs = observed.iter().filter(differs).map(|(input, content)| message::PathContent {
            path: record.record.paths.text(recorded(input).path),
            content: Some(content_message(content)),
        });
        Event::Observed(message::Observed {
            element: element as u32,
            digest: Some(digest_message(&digest)),
            action: action.0,
            inputs: inputs.collect(),
        })
    });
}

/// Records a request of an element's build that was answered.
pub(super) fn record_request(recorder: &SessionRecorder, element: usize, subaction: &Subaction) {
    if !recorder.is_on() {
        return;
    }
    let (subaction, asked_us) = (subaction.clone(), recorder.time_us(subaction.asked));
    recorder.record(move || {
        let result = subaction.outcome.as_ref().ok();
        let files = result.into_iter().flat_map(|result| &result.files);
        let file = |file: &spec_model::OutputFile| message::PathContent {
            path: file.path.clone(),
            content: Some(content_message(&Content::File {
                digest: file.digest,
                executable: file.executable,
            })),
        };
        Event::Request(message::Request {
            element: element as u32,
            digest: Some(digest_message(&subaction.action)),
            asked_us,
            answered: subaction.answered.as_str().to_owned(),
            cost: subaction.result().and_then(|result| cost(&result.metadata)),
            failed: result.is_none_or(|result| result.exit_code != 0),
            outputs: files.map(file).collect(),
        })
    });
}

/// Records that the build of an element ended.
pub(super) fn record_element_ended(recorder: &SessionRecorder, element: usize) {
    let element = element as u32;
    recorder.record(move || Event::ElementEnded(message::ElementEnded { element }));
}

/// Records the load of the workers.
pub(super) fn record_load(recorder: &SessionRecorder, load: WorkerLoad) {
    let WorkerLoad { slots, busy, elsewhere, .. } = load;
    recorder.record(move || Event::WorkerLoad(message::WorkerLoad { slots, busy, elsewhere }));
}

/// Records what came of the predictions.
pub(super) fn record_totals(recorder: &SessionRecorder, totals: &SpeculationTotals) {
    let bucket = |(bucket, count): (&spec_speculation::Bucket, &usize)| message::Bucket {
        name: bucket.name().into_owned(),
        count: *count as u64,
    };
    let totals = message::Totals {
        buckets: totals.buckets.iter().map(bucket).collect(),
        cpu_ms: totals.cpu_ms,
        useful_cpu_ms: totals.useful_cpu_ms,
        submitted: totals.sent,
    };
    recorder.record(move || Event::Totals(totals));
}

/// Records a text that the overlay policy is shown.
pub(super) fn record_text(recorder: &SessionRecorder, digest: &Digest, text: &[u8]) {
    if recorder.is_on() {
        let (digest, text) = (digest_message(digest), text.to_vec());
        recorder.record(move || Event::Text(message::Text { digest: Some(digest), text }));
    }
}

/// What an execution took, as far as it is known.
pub(super) fn cost(metadata: &ExecutionMetadata) -> Option<message::Cost> {
    let ran_us = span(metadata.executed)?;
    let queued = TimeSpan { start: metadata.queued, end: metadata.worked.start };
    Some(message::Cost {
        queued_us: span(queued).unwrap_or_default(),
        worked_us: span(metadata.worked).unwrap_or(ran_us).max(ran_us),
        ran_us,
        cpu_ms: metadata.cost_ms().1,
    })
}

fn span(span: TimeSpan) -> Option<u64> {
    let between = |(start, end): (SystemTime, SystemTime)| end.duration_since(start).ok();
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    span.start.zip(span.end).and_then(between).map(micros)
}

fn paths(entries: &[(String, Option<Content>)]) -> Vec<message::PathContent> {
    let entry = |(path, content): &(String, Option<Content>)| message::PathContent {
        path: path.clone(),
        content: content.as_ref().map(content_message),
    };
    entries.iter().map(entry).collect()
}

fn content_message(content: &Content) -> message::Content {
    match content {
        Content::File { digest, executable } => message::Content {
            file: Some(digest_message(digest)),
            executable: *executable,
            target: String::new(),
        },
        Content::Symlink(target) => {
            message::Content { file: None, executable: false, target: target.clone() }
        }
    }
}
