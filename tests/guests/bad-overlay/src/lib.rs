//! An overlay policy that breaks the contract; its setting `does` says how.

use spec_guest_sdk::overlay::{
    ChangedFile, Choice, InputOrigins, InputStanding, OverlayPolicy, SetEdit, first_known,
};
use spec_guest_sdk::{Settings, SettingsError, export_overlay_policy};

struct Bad {
    does: String,
}

impl OverlayPolicy for Bad {
    const SCANS: bool = true;

    fn configure(settings: &mut Settings) -> Result<Self, SettingsError> {
        let does = settings.text("does").unwrap_or_default();
        match does.as_str() {
            "configure-panics" => panic!("no idea how to begin"),
            "refuses" => Err(SettingsError::Other("it never works".to_owned())),
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

    fn choose(&mut self, input: &InputStanding) -> Choice {
        match self.does.as_str() {
            "choose-traps" => std::process::abort(),
            "choose-panics" => panic!("no idea what to choose for input {}", input.input),
            "choose-loops" => endless(),
            "choose-allocates" => allocate_endlessly(),
            "choose-index" => Choice::Take(u8::MAX),
            "choose-waits" => Choice::Wait,
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

export_overlay_policy!(Bad);
