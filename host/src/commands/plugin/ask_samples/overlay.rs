//! Asks overlay policies.

use std::path::Path;

use spec_plugin_package::{
    OverlaySample, OverlayStep, SampleAlternatives, SampleInput, SampleOrigin, SampleOriginKind, SampleState,
};
use spec_plugins::Plugins;
use spec_strategy::{
    ChangedFile, Choice, InputAlternatives, InputOrigins, OriginInfo, OriginKind, OriginState, OverlayFacts,
    OverlayPolicy, Proposal, SessionFacts, SetEdit,
};

use super::priming::GivenFacts;
use super::{SampleAnswer, no_call, request};
use crate::error::CommandResult;

/// Asks the questions of a sample in one session.
///
/// # Errors
/// When the policy cannot be loaded, or a call fails.
pub(super) fn ask(
    plugins: &Plugins,
    component: &Path,
    sample: &OverlaySample,
) -> CommandResult<Vec<SampleAnswer>> {
    let mut policy = plugins.overlay_policy(&request(component, &sample.settings), "sample")?.policy;
    let facts = GivenFacts::new(&sample.facts);
    let mut answers = Vec::new();
    for (number, step) in sample.steps.iter().enumerate() {
        let (call, actual) = answer(&mut *policy, number, step, &facts)?;
        let question = format!("step {}: {call}", number + 1);
        answers.push(SampleAnswer { question, expected: step.expect.clone(), actual });
    }
    Ok(answers)
}

fn answer(
    policy: &mut dyn OverlayPolicy,
    number: usize,
    step: &OverlayStep,
    facts: &GivenFacts<'_>,
) -> CommandResult<(&'static str, Vec<String>)> {
    match (&step.select[..], &step.choose[..], &step.propose[..]) {
        ([_, ..], [], []) => {
            let inputs: Vec<InputOrigins> = step.select.iter().map(input).collect();
            Ok(("select", policy.select(&inputs, facts)?.iter().map(|chosen| selected(chosen)).collect()))
        }
        ([], [_, ..], []) => {
            let inputs: Vec<InputAlternatives> = step.choose.iter().map(alternatives).collect();
            Ok(("choose", policy.choose(&inputs, facts)?.iter().map(choice).collect()))
        }
        ([], [], [_, ..]) => {
            let bytes = |text: &String| text.clone().into_bytes();
            let file = |file: &spec_plugin_package::SampleFile| ChangedFile {
                path: file.path.clone(),
                before: bytes(&file.before),
                after: bytes(&file.after),
            };
            let files: Vec<ChangedFile> = step.propose.iter().map(file).collect();
            Ok(("propose", policy.propose(&files, facts)?.iter().map(proposal).collect()))
        }
        _ => Err(no_call(number, "select, choose and propose")),
    }
}

fn input(given: &SampleInput) -> InputOrigins {
    InputOrigins { path: given.path, origins: given.origins.iter().map(origin).collect() }
}

fn alternatives(given: &SampleAlternatives) -> InputAlternatives {
    let state = |state: SampleState| match state {
        SampleState::Unchanged => OriginState::Unchanged,
        SampleState::Changed => OriginState::Changed,
        SampleState::Pending => OriginState::Pending,
        SampleState::Gone => OriginState::Gone,
    };
    let alternatives = given.alternatives.iter().map(|one| (origin(&one.origin), state(one.state))).collect();
    InputAlternatives { input: given.input, alternatives }
}

fn origin(given: &SampleOrigin) -> OriginInfo {
    let kind = match given.kind {
        SampleOriginKind::Source => OriginKind::Source,
        SampleOriginKind::Action => OriginKind::Action,
        SampleOriginKind::Artifact => OriginKind::Artifact,
    };
    OriginInfo { kind, element: given.element }
}

fn selected(indices: &[u8]) -> String {
    match indices {
        [] => "generated".to_owned(),
        _ => words(indices),
    }
}

fn words(indices: &[u8]) -> String {
    indices.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn choice(choice: &Choice) -> String {
    match choice {
        Choice::Take(index) => format!("take {index}"),
        Choice::Rank(indices) => format!("rank {}", words(indices)),
        Choice::Wait => "wait".to_owned(),
        Choice::GiveUp => "give-up".to_owned(),
    }
}

fn proposal(proposal: &Proposal) -> String {
    let file = proposal.file;
    match &proposal.edit {
        SetEdit::Add { name } => format!("{file} add {name}"),
        SetEdit::Remove { name } => format!("{file} remove {name}"),
        SetEdit::Rename { removed, added } => format!("{file} rename {removed} {added}"),
    }
}

impl OverlayFacts for GivenFacts<'_> {
    fn session(&self) -> &dyn SessionFacts {
        self
    }

    fn input_path(&self, input: u32) -> Option<String> {
        self.facts.paths.get(&input).cloned()
    }

    fn path(&self, path: u32) -> Option<String> {
        self.facts.paths.get(&path).cloned()
    }
}
