//! An overlay policy that does harm in every way that the contract lets it try; its setting `does` says which.

use std::hint::black_box;

use exports::spec::plugin::overlay::{
    ChangedFile, Choice, Guest, GuestSession, InputAlternatives, InputOrigins, Observation, Proposal,
    Renaming, Session, SetEdit, Wants,
};
use spec::plugin::inputs;
use spec::plugin::log::{Level, log};
use spec::plugin::settings::{Configuration, Description, Refusal, Setting, Value, ValueType};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({ path: "../../../wit", world: "overlay-policy" });

    export!(Hostile);
    use super::Hostile;
}

use bindings::{exports, spec};

struct Hostile;

struct HostileSession {
    does: String,
}

impl Guest for Hostile {
    type Session = HostileSession;

    fn describe() -> Description {
        Description {
            name: "hostile-overlay".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "It does harm.".to_owned(),
            settings: vec![Setting {
                name: "does".to_owned(),
                summary: "The harm.".to_owned(),
                type_: ValueType::Text,
                default: Some(Value::Text(String::new())),
            }],
            largest_batch: None,
            skip_codes: Vec::new(),
        }
    }
}

impl GuestSession for HostileSession {
    fn open(configuration: Configuration, _: Vec<u8>) -> Result<Session, Refusal> {
        let does = configuration.into_iter().find_map(|(_, value)| match value {
            Value::Text(text) => Some(text),
            Value::Truth(_) | Value::Number(_) | Value::Texts(_) => None,
        });
        Ok(Session::new(Self { does: does.unwrap_or_default() }))
    }

    fn wants(&self) -> Wants {
        Wants::all()
    }

    fn select(&self, inputs: Vec<InputOrigins>) -> Vec<Vec<u8>> {
        let all = |picks: Vec<u8>| vec![picks; inputs.len()];
        match self.does.as_str() {
            "select-out-of-range" => all(vec![u8::MAX]),
            "select-duplicates" => all(vec![0, 0]),
            "select-too-few" => Vec::new(),
            "select-millions" => vec![Vec::new(); 5 << 20],
            "select-long" => all(vec![0; 1 << 20]),
            does => {
                harm(does.strip_prefix("select-"));
                inputs.iter().map(|input| (0..=u8::MAX).take(input.origins.len()).collect()).collect()
            }
        }
    }

    fn choose(&self, inputs: Vec<InputAlternatives>) -> Vec<Choice> {
        let all = |choice: Choice| vec![choice; inputs.len()];
        match self.does.as_str() {
            "choose-out-of-range" => all(Choice::Take(u8::MAX)),
            "choose-what-is-pending" => all(Choice::Take(0)),
            "choose-waits" => all(Choice::Wait),
            "choose-ranks-nothing" => all(Choice::Rank(Vec::new())),
            "choose-ranks-duplicates" => all(Choice::Rank(vec![0, 0])),
            "choose-ranks-out-of-range" => all(Choice::Rank(vec![0, u8::MAX])),
            "choose-ranks-millions" => all(Choice::Rank(vec![0; 1 << 20])),
            "choose-too-many" => vec![Choice::GiveUp; inputs.len() + 1],
            does => {
                harm(does.strip_prefix("choose-"));
                all(Choice::GiveUp)
            }
        }
    }

    fn propose(&self, files: Vec<ChangedFile>) -> Vec<Proposal> {
        let many = |count: u32, edit: SetEdit| vec![Proposal { file: 0, edit }; count as usize];
        match self.does.as_str() {
            "propose-out-of-range" => {
                vec![Proposal { file: u32::MAX, edit: SetEdit::Add("a".to_owned()) }]
            }
            "propose-nonsense" => many(1000, SetEdit::Add("../../\0".to_owned())),
            "propose-empty" => many(1, SetEdit::Remove(String::new())),
            "propose-climbs" => many(1, SetEdit::Add("../".repeat(1000))),
            "propose-huge" => many(1, SetEdit::Add("x".repeat(1 << 20))),
            "propose-millions" => many(1 << 20, SetEdit::Remove("a".to_owned())),
            "propose-thousands" => (0..100_000)
                .map(|n| Proposal {
                    file: n % files.len() as u32,
                    edit: SetEdit::Add(format!("made-up-{n}.h")),
                })
                .collect(),
            "propose-itself" => {
                let renaming = Renaming { removed: "a".to_owned(), added: "a".to_owned() };
                many(1000, SetEdit::Rename(renaming))
            }
            does => {
                harm(does.strip_prefix("propose-"));
                Vec::new()
            }
        }
    }

    fn observe(&self, _: Vec<Observation>) {
        harm(self.does.strip_prefix("observe-"));
    }

    fn remember(&self) -> Vec<u8> {
        if self.does == "remembers-much" {
            return vec![1; 1 << 20];
        }
        harm(self.does.strip_prefix("remember-"));
        Vec::new()
    }
}

/// Harm that can be done in any call.
fn harm(does: Option<&str>) {
    match does {
        None | Some("") => {}
        Some("loops") => loop {
            black_box(0);
        },
        Some("recurses") => {
            black_box(recurse(0));
        }
        Some("allocates") => {
            let mut blocks = Vec::new();
            loop {
                blocks.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        Some("traps") => std::process::abort(),
        Some("logs-endlessly") => loop {
            log(Level::Warning, "again");
        },
        Some("asks-endlessly") => loop {
            black_box(inputs::input_path(0));
        },
        Some(other) => panic!("no such harm: {other}"),
    }
}

#[allow(unconditional_recursion, reason = "this is what is tested")]
fn recurse(depth: u64) -> u64 {
    black_box([depth; 16])[black_box(0)] + recurse(black_box(depth + 1))
}
