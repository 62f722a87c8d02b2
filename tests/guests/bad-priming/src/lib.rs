//! A priming policy that breaks the contract; its setting `does` says how.

use spec_guest_sdk::priming::{Candidate, Decision, Machine, Observation, PrimingPolicy};
use spec_guest_sdk::{Settings, SettingsError, export_priming_policy};

struct Bad {
    does: String,
}

impl PrimingPolicy for Bad {
    fn open(settings: &mut Settings, _: &[u8]) -> Result<Self, SettingsError> {
        let does = settings.text("does").unwrap_or_default();
        match does.as_str() {
            "open-panics" => panic!("no idea how to begin"),
            "refuses" => Err(SettingsError::Other("it never works".to_owned())),
            _ => Ok(Self { does }),
        }
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Machine) -> Vec<Decision> {
        let all = vec![Decision::Submit(0); candidates.len()];
        match self.does.as_str() {
            "traps" => std::process::abort(),
            "panics" => panic!("no idea what to do with {} candidates", candidates.len()),
            "loops" => endless(),
            "allocates" => allocate_endlessly(),
            "too-few" => Vec::new(),
            "too-many" => [all, vec![Decision::Hold]].concat(),
            "priority" => vec![Decision::Submit(1001); candidates.len()],
            "huge" => vec![Decision::Hold; 5 << 20],
            _ => all,
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

export_priming_policy!(Bad);
