//! A priming policy that breaks the contract; its setting `does` says how.

use spec_guest_sdk::export;
use spec_guest_sdk::priming::{
    Candidate, Decision, Description, Load, Observation, PrimingPolicy, Revision, SkipReason,
    SubmittedAction, Wants,
};
use spec_guest_sdk::settings::{Refusal, Settings, Text};

const DOES: Text = Text::new("does", "What it does wrong.").default("");

struct Bad {
    does: String,
}

impl PrimingPolicy for Bad {
    fn describe() -> Description {
        Description::new("bad-priming", env!("CARGO_PKG_VERSION"), "Breaks the contract.").setting(&DOES)
    }

    fn open(settings: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        let does = settings.get(&DOES);
        match does.as_str() {
            "open-panics" => panic!("no idea how to begin"),
            "refuses" => Err(Refusal::other("policy-refused", "it never works")),
            _ => Ok(Self { does }),
        }
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Load) -> Vec<Decision> {
        let all = vec![Decision::Submit(0); candidates.len()];
        match self.does.as_str() {
            "traps" => std::process::abort(),
            "panics" => panic!("no idea what to do with {} candidates", candidates.len()),
            "loops" => endless(),
            "allocates" => allocate_endlessly(),
            "too-few" => Vec::new(),
            "too-many" => [all, vec![Decision::Hold]].concat(),
            "priority" => vec![Decision::Submit(1001); candidates.len()],
            "huge" => vec![Decision::Hold; 9_000_000],
            "reason" => vec![Decision::Skip(SkipReason::Other(0)); candidates.len()],
            _ => all,
        }
    }

    fn wants(&self) -> Wants {
        if self.does.starts_with("revise") { Wants::REVISE } else { Wants::empty() }
    }

    fn revise(&mut self, submitted: &[SubmittedAction], _: &Load) -> Vec<Revision> {
        match self.does.as_str() {
            "revise-panics" => panic!("no idea what to change"),
            "revise-too-few" => Vec::new(),
            "revise-priority" => vec![Revision::Reprioritise(1001); submitted.len()],
            _ => vec![Revision::Cancel; submitted.len()],
        }
    }

    fn observe(&mut self, _: &[Observation]) {
        assert_ne!(self.does, "observe-panics");
    }

    fn remember(&self) -> Vec<u8> {
        match self.does.as_str() {
            "remembers-much" => vec![1; 1 << 20],
            "remember-panics" => panic!("nothing comes to mind"),
            _ => b"good".to_vec(),
        }
    }
}

fn endless<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

fn allocate_endlessly<T>() -> T {
    let mut blocks = Vec::new();
    loop {
        blocks.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

export!(Bad as PrimingPolicy);
