//! An overlay policy that breaks the contract; its setting `does` says how.

use spec_guest_sdk::export;
use spec_guest_sdk::overlay::{
    ChangedFile, Choice, Description, InputAlternatives, InputOrigins, Observation, OverlayPolicy, SetEdit,
    Wants, first_known,
};
use spec_guest_sdk::settings::{Refusal, Settings, Text};

const DOES: Text = Text::new("does", "What it does wrong.").default("");

struct Bad {
    does: String,
}

impl OverlayPolicy for Bad {
    fn describe() -> Description {
        Description::new("bad-overlay", env!("CARGO_PKG_VERSION"), "Breaks the contract.").setting(&DOES)
    }

    fn wants(&self) -> Wants {
        Wants::PROPOSE | Wants::OBSERVE
    }

    fn open(settings: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        let does = settings.get(&DOES);
        match does.as_str() {
            "open-panics" => panic!("no idea how to begin"),
            "refuses" => Err(Refusal::other("policy-refused", "it never works")),
            _ => Ok(Self { does }),
        }
    }

    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        match self.does.as_str() {
            "select-traps" => std::process::abort(),
            "select-index" => vec![u8::MAX],
            "select-twice" => vec![0, 0],
            _ => (0..=u8::MAX).take(input.origins.len()).collect(),
        }
    }

    fn choose(&mut self, input: &InputAlternatives) -> Choice {
        match self.does.as_str() {
            "choose-traps" => std::process::abort(),
            "choose-panics" => panic!("no idea what to choose for input {}", input.input),
            "choose-loops" => endless(),
            "choose-allocates" => allocate_endlessly(),
            "choose-index" => Choice::Take(u8::MAX),
            "choose-waits" => Choice::Wait,
            "choose-ranks-none" => Choice::Rank(Vec::new()),
            "choose-ranks-twice" => Choice::Rank(vec![0, 0]),
            _ => first_known(input),
        }
    }

    fn propose(&mut self, file: &ChangedFile) -> Vec<SetEdit> {
        match self.does.as_str() {
            "propose-panics" => panic!("no idea what {} includes", file.path),
            "propose-nonsense" => (0..1000).map(|n| SetEdit::Add(format!("../../{n}\0"))).collect(),
            _ => Vec::new(),
        }
    }

    fn observe(&mut self, _: &[Observation]) {
        assert_ne!(self.does, "observe-panics");
    }

    fn remember(&self) -> Vec<u8> {
        vec![1; if self.does == "remembers-much" { 1 << 20 } else { 1 }]
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

export!(Bad as OverlayPolicy);
