//! A priming policy that decides by what it asks, revises, and remembers what it was told.

use spec_guest_sdk::priming::{
    Candidate, Decision, Description, LastDecision, Load, Observation, PrimingPolicy, Revision, SkipReason,
    SubmittedAction, Wants,
};
use spec_guest_sdk::settings::{Choice, Number, Refusal, Settings, Text, Truth};
use spec_guest_sdk::{debug, export, facts};

const LEAST: Number = Number::new("least", "The least priority.", 0, 1000).default(7);
const MODE: Choice = Choice::new("mode", "What it asks for.", &["facts", "nothing"]).default("facts");
const STRICT: Truth = Truth::new("strict", "Whether it refuses a memory.").default(false);
const WHO: Text = Text::new("who", "Who wants to know.");

struct Asks {
    least: u16,
    mode: String,
    told: Vec<u8>,
}

impl PrimingPolicy for Asks {
    fn describe() -> Description {
        let description = Description::new("asks-priming", env!("CARGO_PKG_VERSION"), "Asks for facts.");
        description
            .setting(&LEAST)
            .setting(&MODE)
            .setting(&STRICT)
            .setting(&WHO)
            .largest_batch(2)
            .skip_codes(&["of-a-stack"])
    }

    fn open(settings: &Settings, memory: &[u8]) -> Result<Self, Refusal> {
        if settings.get(&STRICT) && !memory.is_empty() {
            return Err(Refusal::invalid(&STRICT, "there is a memory").hint("remove it"));
        }
        debug!("{} asks", settings.get(&WHO));
        Ok(Self { least: settings.get(&LEAST) as u16, mode: settings.get(&MODE), told: memory.to_vec() })
    }

    fn wants(&self) -> Wants {
        Wants::REVISE | Wants::OBSERVE_ALL
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Load) -> Vec<Decision> {
        candidates.iter().map(|candidate| self.decide_on(candidate)).collect()
    }

    fn revise(&mut self, submitted: &[SubmittedAction], _: &Load) -> Vec<Revision> {
        let revise = |submitted: &SubmittedAction| match submitted.running_ms {
            None => Revision::Reprioritise(submitted.priority + 1),
            Some(running_ms) if running_ms > 1000 => Revision::Cancel,
            Some(_) => Revision::Keep,
        };
        submitted.iter().map(revise).collect()
    }

    fn observe(&mut self, ended: &[Observation]) {
        let letter = |ended: &Observation| match ended.decision {
            LastDecision::Submitted => b's',
            LastDecision::Held => b'h',
            LastDecision::Skipped => b'k',
        };
        self.told.extend(ended.iter().map(letter));
    }

    fn remember(&self) -> Vec<u8> {
        self.told.clone()
    }
}

impl Asks {
    fn decide_on(&self, candidate: &Candidate) -> Decision {
        if self.mode == "nothing" {
            return Decision::Submit(self.least);
        }
        if facts::element_kind(candidate.element).as_deref() == Some("stack") {
            return Decision::Skip(SkipReason::Other(0));
        }
        let changed = facts::changed_inputs(candidate.action);
        let Some(changed) = changed.iter().find(|changed| changed.before != changed.after) else {
            return Decision::Hold;
        };
        let sizes = [&changed.before, &changed.after].map(|digest| digest.as_ref().map_or(0, |d| d.size));
        let words = facts::command_line(candidate.action).len() as u64;
        let workers: u64 = facts::workers().iter().map(|workers| u64::from(workers.slots.unwrap_or(0))).sum();
        let number = sizes[0] + 10 * sizes[1] + 100 * words + workers;
        Decision::Submit(self.least.max(number as u16))
    }
}

export!(Asks as PrimingPolicy);
