//! A priming policy that does harm in every way that the contract lets it try; its setting `does` says which.

use std::cell::Cell;
use std::hint::black_box;

use exports::spec::plugin::priming::{
    Candidate, Decision, Guest, GuestSession, Load, Observation, Revision, Session, SkipReason,
    SubmittedAction, Wants,
};
use spec::plugin::log::{Level, log};
use spec::plugin::settings::{Configuration, Description, Refusal, RefusalReason, Setting, Value, ValueType};
use spec::plugin::{actions, elements, session_facts};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({ path: "../../../wit", world: "priming-policy" });

    export!(Hostile);
    use super::Hostile;
}

use bindings::{exports, spec};

struct Hostile;

/// The policy of a session, with what it does, and how often it was called.
struct HostileSession {
    does: String,
    calls: Cell<u32>,
}

/// The call in which a policy that behaves well at first does harm.
const LATER: u32 = 5;

impl Guest for Hostile {
    type Session = HostileSession;

    fn describe() -> Description {
        Description {
            name: "hostile-priming".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "It does harm.".to_owned(),
            settings: vec![Setting {
                name: "does".to_owned(),
                summary: "The harm.".to_owned(),
                type_: ValueType::Text,
                default: Some(Value::Text(String::new())),
            }],
            largest_batch: None,
            skip_codes: vec!["its-own".to_owned()],
        }
    }
}

impl GuestSession for HostileSession {
    fn open(configuration: Configuration, memory: Vec<u8>) -> Result<Session, Refusal> {
        let does = configuration.into_iter().find_map(|(_, value)| match value {
            Value::Text(text) => Some(text),
            Value::Truth(_) | Value::Number(_) | Value::Texts(_) => None,
        });
        let does = does.unwrap_or_default();
        match does.as_str() {
            "open-refuses-at-length" => return Err(refusal("x".repeat(1 << 20))),
            "open-refuses-not-utf8" => return Err(refusal(not_utf8())),
            "remembers-and-loops" if memory == b"loop" => endless(),
            does if does.starts_with("open-") => harm(&does["open-".len()..]),
            _ => {}
        }
        Ok(Session::new(Self { does, calls: Cell::new(0) }))
    }

    fn wants(&self) -> Wants {
        match self.does.as_str() {
            "wants-loops" => endless(),
            "wants-what-is-not-there" => Wants::from_bits_retain(0xff),
            _ => Wants::all(),
        }
    }

    fn decide(&self, candidates: Vec<Candidate>, _: Load) -> Vec<Decision> {
        self.calls.set(self.calls.get() + 1);
        let all = |decision: Decision| vec![decision; candidates.len()];
        match self.does.as_str() {
            "too-few" => Vec::new(),
            "too-many" => [all(Decision::Hold), vec![Decision::Hold]].concat(),
            "millions" => vec![Decision::Hold; 5 << 20],
            "priority-1001" => all(Decision::Submit(1001)),
            "priority-65535" => all(Decision::Submit(u16::MAX)),
            "reason-unknown" => all(Decision::Skip(SkipReason::Other(1))),
            "reason-65535" => all(Decision::Skip(SkipReason::Other(u16::MAX))),
            "asks-for-millions" => {
                actions::recorded(&vec![0; 8 << 20]);
                all(Decision::Hold)
            }
            "asks-about-nobody" => {
                actions::history(u32::MAX);
                elements::state(u32::MAX);
                all(Decision::Hold)
            }
            "wastes" => {
                waste(20_000_000);
                all(Decision::Hold)
            }
            "later" if self.calls.get() == LATER => endless(),
            does if does.starts_with("decide-") => {
                harm(&does["decide-".len()..]);
                all(Decision::Hold)
            }
            _ => all(Decision::Submit(0)),
        }
    }

    fn revise(&self, submitted: Vec<SubmittedAction>, _: Load) -> Vec<Revision> {
        match self.does.as_str() {
            "revise-too-few" => Vec::new(),
            "revise-priority" => vec![Revision::Reprioritise(1001); submitted.len()],
            // It gets the same candidates again, and submits them again.
            "revise-cancels" => vec![Revision::Cancel; submitted.len()],
            "revise-loops" => endless(),
            _ => vec![Revision::Keep; submitted.len()],
        }
    }

    fn observe(&self, _: Vec<Observation>) {
        if let Some(does) = self.does.strip_prefix("observe-") {
            harm(does);
        }
    }

    fn remember(&self) -> Vec<u8> {
        match self.does.as_str() {
            "remembers-much" => vec![1; 1 << 20],
            "remembers-and-loops" => b"loop".to_vec(),
            does if does.starts_with("remember-") => {
                harm(&does["remember-".len()..]);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

/// Harm that can be done in any call.
fn harm(does: &str) {
    match does {
        "loops" => endless(),
        "recurses" => {
            black_box(recurse(0));
        }
        "allocates" => allocate_endlessly(),
        "traps" => std::process::abort(),
        "panics" => panic!("no idea what to do"),
        "logs-endlessly" => loop {
            log(Level::Error, "again");
        },
        "logs-unheard" => loop {
            log(Level::Trace, "again");
        },
        "logs-much" => loop {
            log(Level::Debug, &"x".repeat(1 << 20));
        },
        "logs-control-characters" => log(Level::Error, "\u{1b}[2J\0\r\n\u{202e}done"),
        "asks-endlessly" => loop {
            black_box(actions::command_line(0));
        },
        "asks-the-time-endlessly" => loop {
            black_box(session_facts::elapsed_ms());
        },
        "fills-memory" => {
            let mut block = vec![0_u8; 16 << 20];
            for turn in 0_u64.. {
                block.fill(black_box(turn as u8));
                black_box(&mut block);
            }
        }
        "misses-caches" => miss_caches(),
        other => panic!("no such harm: {other}"),
    }
}

/// Reads memory in an order in which each place is known only when the one before was read, and is far from it.
fn miss_caches() {
    const PLACES: usize = 4 << 20;
    const STEP: usize = 7_654_321;
    let mut next = vec![0_u32; PLACES];
    let mut place = 0;
    loop {
        let to = (place + STEP) % PLACES;
        next[place] = to as u32;
        place = to;
        if place == 0 {
            break;
        }
    }
    loop {
        place = black_box(&next)[place] as usize;
    }
}

fn refusal(message: String) -> Refusal {
    Refusal { reason: RefusalReason::InvalidValue, setting: None, message, hint: None }
}

/// A text that is not UTF-8, which Rust does not allow, but other languages do.
#[allow(unsafe_code, reason = "the host must not trust a component that breaks the rules")]
fn not_utf8() -> String {
    // SAFETY: none; the text goes to the host unread.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, b'x']) }
}

fn endless<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn waste(turns: u64) {
    for turn in 0..turns {
        black_box(turn);
    }
}

#[allow(unconditional_recursion, reason = "this is what is tested")]
fn recurse(depth: u64) -> u64 {
    black_box([depth; 16])[black_box(0)] + recurse(black_box(depth + 1))
}

fn allocate_endlessly<T>() -> T {
    let mut blocks = Vec::new();
    loop {
        blocks.push(black_box(vec![1_u8; 1 << 20]));
    }
}
