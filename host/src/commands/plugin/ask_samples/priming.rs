//! Asks priming policies.

use std::collections::BTreeMap;
use std::path::Path;

use spec_plugin_package::{
    PrimingSample, PrimingStep, SampleCandidate, SampleDecision, SampleFacts, SampleLoad, SampleObservation,
    SampleOutcome, SampleSubmitted,
};
use spec_plugins::Plugins;
use spec_strategy::{
    Candidate, Decision, LastDecision, Observation, Outcome, PastExecution, PrimingFacts, PrimingLoad,
    PrimingPolicy, Revision, SessionFacts, SkipReason, SubmittedAction,
};

use super::{SampleAnswer, no_call, request};
use crate::error::CommandResult;

/// Asks the questions of a sample in one session.
///
/// # Errors
/// When the policy cannot be loaded, or a call fails.
pub(super) fn ask(
    plugins: &Plugins,
    component: &Path,
    sample: &PrimingSample,
) -> CommandResult<Vec<SampleAnswer>> {
    let mut policy = plugins.priming_policy(&request(component, &sample.settings), "sample")?.policy;
    let mut facts = GivenFacts::new(&sample.facts);
    let mut answers = Vec::new();
    for (number, step) in sample.steps.iter().enumerate() {
        facts.recorded.extend(step.decide.iter().filter_map(recorded));
        let (call, actual) = answer(&mut *policy, number, step, &facts)?;
        let question = format!("step {}: {call}", number + 1);
        answers.push(SampleAnswer { question, expected: step.expect.clone(), actual });
    }
    Ok(answers)
}

fn answer(
    policy: &mut dyn PrimingPolicy,
    number: usize,
    step: &PrimingStep,
    facts: &GivenFacts<'_>,
) -> CommandResult<(&'static str, Vec<String>)> {
    let load = load(&step.load.unwrap_or_default());
    match (&step.decide[..], &step.revise[..], &step.observe[..]) {
        ([_, ..], [], []) => {
            let candidates: Vec<Candidate> = step.decide.iter().map(candidate).collect();
            Ok(("decide", policy.decide(&candidates, &load, facts)?.iter().map(decision).collect()))
        }
        ([], [_, ..], []) => {
            let submitted: Vec<SubmittedAction> = step.revise.iter().map(submitted).collect();
            Ok(("revise", policy.revise(&submitted, &load, facts)?.iter().map(revision).collect()))
        }
        ([], [], [_, ..]) => {
            let ended: Vec<Observation> = step.observe.iter().map(observation).collect();
            policy.observe(&ended, facts)?;
            Ok(("observe", Vec::new()))
        }
        _ => Err(no_call(number, "decide, revise and observe")),
    }
}

fn candidate(given: &SampleCandidate) -> Candidate {
    let SampleCandidate {
        action,
        element,
        program,
        run_ms,
        cpu_ms,
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    } = *given;
    Candidate {
        action,
        element,
        program,
        run_ms,
        cpu_ms,
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    }
}

fn load(given: &SampleLoad) -> PrimingLoad {
    let SampleLoad { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left } = *given;
    PrimingLoad { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left }
}

fn submitted(given: &SampleSubmitted) -> SubmittedAction {
    let SampleSubmitted { action, priority, running_ms } = *given;
    SubmittedAction { action, priority, running_ms }
}

fn observation(given: &SampleObservation) -> Observation {
    let decision = match given.decision {
        SampleDecision::Submitted => LastDecision::Submitted,
        SampleDecision::Held => LastDecision::Held,
        SampleDecision::Skipped => LastDecision::Skipped,
    };
    let outcome = match given.outcome {
        SampleOutcome::Used => Outcome::Used,
        SampleOutcome::Joined => Outcome::Joined,
        SampleOutcome::Unused => Outcome::Unused,
        SampleOutcome::Failed => Outcome::Failed,
        SampleOutcome::Overtaken => Outcome::Overtaken,
    };
    let SampleObservation { action, run_ms, cpu_ms, .. } = *given;
    Observation { action, decision, outcome, run_ms, cpu_ms }
}

fn decision(decision: &Decision) -> String {
    match decision {
        Decision::Submit { priority } => format!("submit {priority}"),
        Decision::Hold => "hold".to_owned(),
        Decision::Skip(reason) => format!("skip {}", skip_reason(reason)),
    }
}

fn skip_reason(reason: &SkipReason) -> &str {
    match reason {
        SkipReason::TooCheap => "too-cheap",
        SkipReason::TooDear => "too-dear",
        SkipReason::Unlikely => "unlikely",
        SkipReason::Other(code) => code.as_str(),
    }
}

fn revision(revision: &Revision) -> String {
    match revision {
        Revision::Keep => "keep".to_owned(),
        Revision::Reprioritise { priority } => format!("reprioritise {priority}"),
        Revision::Cancel => "cancel".to_owned(),
    }
}

/// How long a candidate took when it was recorded.
fn recorded(candidate: &SampleCandidate) -> Option<(u32, PastExecution)> {
    let SampleCandidate { action, run_ms, cpu_ms, .. } = *candidate;
    Some((action, PastExecution { run_ms: run_ms?, cpu_ms }))
}

/// The facts that a sample gives.
#[derive(Debug)]
pub(super) struct GivenFacts<'s> {
    pub(super) facts: &'s SampleFacts,
    /// How long actions took when they were recorded: those that were candidates so far.
    recorded: BTreeMap<u32, PastExecution>,
}

impl<'s> GivenFacts<'s> {
    pub(super) fn new(facts: &'s SampleFacts) -> Self {
        Self { facts, recorded: BTreeMap::new() }
    }
}

impl SessionFacts for GivenFacts<'_> {
    fn element_name(&self, element: u32) -> Option<String> {
        self.facts.elements.get(&element).cloned()
    }
}

impl PrimingFacts for GivenFacts<'_> {
    fn session(&self) -> &dyn SessionFacts {
        self
    }

    fn program_name(&self, program: u32) -> Option<String> {
        self.facts.programs.get(&program).cloned()
    }

    fn command_line(&self, action: u32) -> Vec<String> {
        self.facts.command_lines.get(&action).cloned().unwrap_or_default()
    }

    fn history(&self, action: u32) -> Vec<PastExecution> {
        self.recorded.get(&action).copied().into_iter().collect()
    }
}
