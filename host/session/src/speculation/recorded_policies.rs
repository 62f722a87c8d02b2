//! Records what the policies of a session are asked, and what they answer.

use spec_recording::SessionRecorder;
use spec_recording::message::{self, Event};
use spec_speculation::PolicyListener;
use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, InputAlternatives, InputOrigins, Machine, Observation,
    OriginState, Outcome, Proposal, SkipReason,
};

/// Records the questions to policies, and their answers.
#[derive(Debug)]
pub(super) struct PolicyRecorder(pub(super) SessionRecorder);

impl PolicyListener for PolicyRecorder {
    fn decided(&self, candidates: &[Candidate], machine: &Machine, decisions: &[Decision]) {
        let (candidates, machine, decisions) = (candidates.to_vec(), *machine, decisions.to_vec());
        self.0.record(move || {
            let candidates =
                candidates.iter().zip(&decisions).map(|(asked, answer)| candidate(asked, answer));
            Event::PrimingDecisions(message::PrimingDecisions {
                load: Some(load(&machine)),
                candidates: candidates.collect(),
            })
        });
    }

    fn observed(&self, outcomes: &[Observation]) {
        let outcomes = outcomes.to_vec();
        self.0.record(move || {
            let outcome = |observed: &Observation| message::PrimingOutcome {
                action: observed.action,
                outcome: outcome_name(observed.outcome).to_owned(),
                cpu_ms: observed.cpu_ms,
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

    fn chosen(&self, inputs: &[InputAlternatives], choices: &[Choice]) {
        let (inputs, choices) = (inputs.to_vec(), choices.to_vec());
        self.0.record(move || {
            let choices = inputs.iter().zip(&choices).map(|(input, choice)| overlay_choice(input, *choice));
            Event::OverlayChoices(message::OverlayChoices { choices: choices.collect() })
        });
    }

    fn proposed(&self, files: &[ChangedFile], proposals: &[Proposal]) {
        let files: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let proposals = proposals.len() as u32;
        self.0.record(move || Event::OverlayProposals(message::OverlayProposals { files, proposals }));
    }
}

fn load(machine: &Machine) -> message::Load {
    let Machine { slots, real, primed, sent, hits, free, cpu_left_ms, bytes_left } = *machine;
    message::Load { slots, requested: real, primed, submitted: sent, hits, free, cpu_left_ms, bytes_left }
}

fn candidate(asked: &Candidate, answer: &Decision) -> message::Candidate {
    let (decision, priority, reason) = match answer {
        Decision::Submit { priority } => ("submit", *priority, ""),
        Decision::Hold => ("hold", 0, ""),
        Decision::Skip(reason) => ("skip", 0, reason_name(*reason)),
    };
    message::Candidate {
        action: asked.action,
        decision: decision.to_owned(),
        priority: priority.into(),
        reason: reason.to_owned(),
        critical_ms: asked.critical_ms,
        hits: asked.hits,
        misses: asked.misses,
        element_hits: asked.element_hits,
        element_misses: asked.element_misses,
    }
}

fn reason_name(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::TooCheap => "too-cheap",
        SkipReason::TooDear => "too-dear",
        SkipReason::Unlikely => "unlikely",
        SkipReason::Other => "other",
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Used => "used",
        Outcome::Joined => "joined",
        Outcome::Unused => "unused",
        Outcome::Failed => "failed",
    }
}

fn overlay_choice(input: &InputAlternatives, choice: Choice) -> message::OverlayChoice {
    let state = |state: OriginState| match state {
        OriginState::Unchanged => "unchanged",
        OriginState::Changed => "changed",
        OriginState::Pending => "pending",
        OriginState::Gone => "gone",
    };
    let (choice, taken) = match choice {
        Choice::Take(index) => ("take", index.into()),
        Choice::Wait => ("wait", 0),
        Choice::GiveUp => ("give-up", 0),
    };
    message::OverlayChoice {
        input: input.input,
        states: input.alternatives.iter().map(|(_, known)| state(*known).to_owned()).collect(),
        choice: choice.to_owned(),
        taken,
    }
}
