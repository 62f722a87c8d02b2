//! Which actions predictions mean, as the recording knows, and what executing them takes.

use std::collections::HashMap;

use spec_model::Digest;
use spec_recording::message::Cost;
use spec_speculation::priming::AdaptResult;
use spec_speculation::{ActionId, Adaptation, Content, ExpandedRecord, InputId, Resolver};

/// Paths with what is there; `None` for nothing.
pub(crate) type PathContents = Vec<(String, Option<Content>)>;

/// What is recorded of predictions and of the actions that they mean.
#[derive(Debug, Default)]
pub(crate) struct KnownActions {
    /// By recorded action and what differs from it.
    adapted: HashMap<(ActionId, Digest), AdaptResult>,
    /// By recorded action and the inputs that differ, as requests showed them.
    requested: HashMap<(ActionId, Digest), Digest>,
    /// The recorded action in whose place an action is, and the inputs that differ.
    meanings: HashMap<Digest, (ActionId, PathContents)>,
    executions: HashMap<Digest, KnownExecution>,
}

/// What is known of executing an action.
#[derive(Clone, Debug)]
pub(crate) struct KnownExecution {
    pub(crate) cost: Option<Cost>,
    pub(crate) end: KnownEnd,
    pub(crate) bytes: u64,
}

/// How an execution ends.
#[derive(Clone, Debug)]
pub(crate) enum KnownEnd {
    /// It writes these files.
    Succeeds(Vec<(String, Content)>),
    Fails,
    /// Contents of its inputs are not to be had where actions are executed.
    LacksContent,
}

impl KnownActions {
    /// A prediction meant this.
    pub(crate) fn add_adapted(&mut self, action: ActionId, adaptation: Adaptation, result: AdaptResult) {
        self.adapted.insert((action, adaptation_key(&adaptation)), result);
        if let AdaptResult::Action { digest, .. } = result {
            self.meanings.entry(digest).or_insert((action, adaptation.inputs));
        }
    }

    /// A request was in the place of a recorded action.
    pub(crate) fn add_requested(&mut self, digest: Digest, action: ActionId, inputs: PathContents) {
        self.requested.insert((action, contents_key(&inputs)), digest);
        self.meanings.insert(digest, (action, inputs));
    }

    /// An action was executed. What is known first stays, unless it has no cost.
    pub(crate) fn add_execution(&mut self, digest: Digest, execution: KnownExecution) {
        let known = self.executions.entry(digest).or_insert_with(|| execution.clone());
        if known.cost.is_none() {
            *known = execution;
        }
    }

    pub(crate) fn execution(&self, digest: &Digest) -> Option<&KnownExecution> {
        self.executions.get(digest)
    }

    /// The action that a prediction means. One that is not recorded gets a digest that no request has.
    pub(crate) fn adapt(
        &self,
        action: ActionId,
        adaptation: &Adaptation,
        resolver: &Resolver,
    ) -> AdaptResult {
        let key = adaptation_key(adaptation);
        if let Some(known) = self.adapted.get(&(action, key)) {
            return *known;
        }
        let base = resolver.recorded(action).base;
        let command = resolver.expanded_action(action).map_or(base, |expanded| expanded.command);
        let requested = self.requested.get(&(action, contents_key(&adaptation.inputs)));
        let digest = requested.copied().unwrap_or_else(|| Digest::of(format!("{base} {key}").as_bytes()));
        if digest == base { AdaptResult::Unchanged } else { AdaptResult::Action { digest, command } }
    }

    /// The recorded action in whose place a request is, and what its inputs are.
    pub(crate) fn meaning(
        &self,
        digest: &Digest,
        same: Option<ActionId>,
        resolver: &Resolver,
    ) -> Option<(ActionId, Vec<(InputId, Content)>)> {
        let nothing = PathContents::new();
        let (action, differing) = match (same, self.meanings.get(digest)) {
            (Some(action), _) => (action, &nothing),
            (None, Some((action, differing))) => (*action, differing),
            (None, None) => return None,
        };
        let record = resolver.expanded_record(resolver.element_of(action))?;
        let expanded = resolver.expanded_action(action)?;
        Some((action, observed(record, &expanded.inputs, differing)))
    }
}

/// The contents of these inputs of a record, some of which differ from the recorded ones.
fn observed(
    record: &ExpandedRecord,
    inputs: &[InputId],
    differing: &PathContents,
) -> Vec<(InputId, Content)> {
    let differing: HashMap<&str, Option<&Content>> =
        differing.iter().map(|(path, content)| (path.as_str(), content.as_ref())).collect();
    let content = |input: &InputId| {
        let recorded = &record.record.inputs[input.0 as usize];
        let content = if differing.is_empty() {
            Some(&recorded.content)
        } else {
            let path = record.record.paths.text(recorded.path);
            differing.get(path.as_str()).copied().unwrap_or(Some(&recorded.content))
        };
        content.map(|content| (*input, content.clone()))
    };
    inputs.iter().filter_map(content).collect()
}

fn adaptation_key(adaptation: &Adaptation) -> Digest {
    let mut text = contents_text(&adaptation.inputs);
    for (before, after) in &adaptation.trees {
        text.push_str(&format!("{before}>{after}\n"));
    }
    Digest::of(text.as_bytes())
}

fn contents_key(contents: &PathContents) -> Digest {
    Digest::of(contents_text(contents).as_bytes())
}

/// Paths have no line breaks that could be mistaken: they are written with their lengths.
fn contents_text(contents: &PathContents) -> String {
    let mut sorted: Vec<_> = contents.iter().collect();
    sorted.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut text = String::new();
    for (path, content) in sorted {
        let content = match content {
            Some(Content::File { digest, executable }) => format!("{digest} {executable}"),
            Some(Content::Symlink(target)) => format!("-> {} {target}", target.len()),
            None => "-".to_owned(),
        };
        text.push_str(&format!("{} {path} {content}\n", path.len()));
    }
    text
}
