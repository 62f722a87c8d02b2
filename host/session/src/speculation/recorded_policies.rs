//! Records what the policies of a session are asked, and what they answer.

use spec_recording::SessionRecorder;
use spec_recording::message::{self, Event};
use spec_speculation::PolicyListener;
use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, InputAlternatives, InputOrigins, LastDecision, Observation,
    OriginState, Outcome, OverlayFacts, PrimingFacts, PrimingLoad, Proposal, Revision, SkipReason,
    SubmittedAction,
};

/// Records the questions to policies, and their answers.
#[derive(Debug)]
pub(super) struct PolicyRecorder(pub(super) SessionRecorder);

impl PolicyListener for PolicyRecorder {
    fn decided(
        &self,
        candidates: &[Candidate],
        at: &PrimingLoad,
        decisions: &[Decision],
        _: &dyn PrimingFacts,
    ) {
        let (candidates, at, decisions) = (candidates.to_vec(), *at, decisions.to_vec());
        self.0.record(move || {
            let candidates =
                candidates.iter().zip(&decisions).map(|(asked, answer)| candidate(asked, answer));
            Event::PrimingDecisions(message::PrimingDecisions {
                load: Some(load(&at)),
                candidates: candidates.collect(),
            })
        });
    }

    fn revised(&self, submitted: &[SubmittedAction], revisions: &[Revision]) {
        let pairs: Vec<_> = submitted.iter().copied().zip(revisions.iter().copied()).collect();
        self.0.record(move || {
            let revisions = pairs.iter().filter_map(|(action, revision)| revision_message(action, *revision));
            Event::PrimingRevisions(message::PrimingRevisions { revisions: revisions.collect() })
        });
    }

    fn observed(&self, outcomes: &[Observation], _: &dyn PrimingFacts) {
        let outcomes = outcomes.to_vec();
        self.0.record(move || {
            let outcome = |observed: &Observation| message::PrimingOutcome {
                action: observed.action,
                outcome: outcome_name(observed.outcome).to_owned(),
                cpu_ms: observed.cpu_ms.unwrap_or(0),
                decision: last_decision(observed.decision).to_owned(),
            };
            Event::PrimingOutcomes(message::PrimingOutcomes {
                outcomes: outcomes.iter().map(outcome).collect(),
            })
        });
    }

    fn selected(&self, inputs: &[InputOrigins], picks: &[Vec<u8>]) {
        let alternatives = inputs.iter().map(|input| input.origins.len() as u32).sum();
        let selected = picks.iter().map(|picks| picks.len() as u32).sum();
        let inputs = inputs.len() as u32;
        self.0.record(move || {
            Event::OverlaySelections(message::OverlaySelections { inputs, alternatives, selected })
        });
    }

    fn chosen(&self, inputs: &[InputAlternatives], choices: &[Choice], _: &dyn OverlayFacts) {
        let (inputs, choices) = (inputs.to_vec(), choices.to_vec());
        self.0.record(move || {
            let choices = inputs.iter().zip(&choices).map(|(input, choice)| overlay_choice(input, choice));
            Event::OverlayChoices(message::OverlayChoices { choices: choices.collect() })
        });
    }

    fn proposed(&self, files: &[ChangedFile], proposals: &[Proposal]) {
        let files: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let proposals = proposals.len() as u32;
        self.0.record(move || Event::OverlayProposals(message::OverlayProposals { files, proposals }));
    }
}

fn load(load: &PrimingLoad) -> message::Load {
    let PrimingLoad { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left } = *load;
    let slots = slots.unwrap_or(0);
    let (cpu_left_ms, bytes_left) = (cpu_left_ms.unwrap_or(u64::MAX), bytes_left.unwrap_or(u64::MAX));
    message::Load { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left }
}

/// A new decision; `None` when it stays as it is.
fn revision_message(action: &SubmittedAction, revision: Revision) -> Option<message::PrimingRevision> {
    let (revision, priority) = match revision {
        Revision::Keep => return None,
        Revision::Reprioritise { priority } => ("reprioritise", priority),
        Revision::Cancel => ("cancel", 0),
    };
    let revision = revision.to_owned();
    Some(message::PrimingRevision { action: action.action, revision, priority: priority.into() })
}

fn last_decision(decision: LastDecision) -> &'static str {
    match decision {
        LastDecision::Submitted => "submitted",
        LastDecision::Held => "held",
        LastDecision::Skipped => "skipped",
    }
}

fn candidate(asked: &Candidate, answer: &Decision) -> message::Candidate {
    let (decision, priority, reason) = match answer {
        Decision::Submit { priority } => ("submit", *priority, String::new()),
        Decision::Hold => ("hold", 0, String::new()),
        Decision::Skip(reason) => ("skip", 0, reason_name(*reason)),
    };
    message::Candidate {
        action: asked.action,
        decision: decision.to_owned(),
        priority: priority.into(),
        reason,
        critical_ms: asked.critical_ms,
        hits: asked.hits,
        misses: asked.misses,
        element_hits: asked.element_hits,
        element_misses: asked.element_misses,
    }
}

fn reason_name(reason: SkipReason) -> String {
    match reason {
        SkipReason::TooCheap => "too-cheap".to_owned(),
        SkipReason::TooDear => "too-dear".to_owned(),
        SkipReason::Unlikely => "unlikely".to_owned(),
        SkipReason::Other(code) => code.as_str().to_owned(),
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Used => "used",
        Outcome::Joined => "joined",
        Outcome::Unused => "unused",
        Outcome::Failed => "failed",
        Outcome::Overtaken => "overtaken",
    }
}

fn overlay_choice(input: &InputAlternatives, choice: &Choice) -> message::OverlayChoice {
    let state = |state: OriginState| match state {
        OriginState::Unchanged => "unchanged",
        OriginState::Changed => "changed",
        OriginState::Pending => "pending",
        OriginState::Gone => "gone",
    };
    let (choice, taken) = match choice {
        Choice::Take(index) => ("take", vec![u32::from(*index)]),
        Choice::Rank(ranking) => ("rank", ranking.iter().copied().map(u32::from).collect()),
        Choice::Wait => ("wait", Vec::new()),
        Choice::GiveUp => ("give-up", Vec::new()),
    };
    message::OverlayChoice {
        input: input.input,
        states: input.alternatives.iter().map(|(_, known)| state(*known).to_owned()).collect(),
        choice: choice.to_owned(),
        taken,
    }
}
