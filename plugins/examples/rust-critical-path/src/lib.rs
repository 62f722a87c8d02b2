//! The priming policy `rust-critical-path`: as many actions as the workers can run, those with the longest chains after
//! them first.
//!
//! Others are held, so that more urgent candidates found later come first. The setting `per-slot` says how many primed
//! actions may run or wait for each slot; the default 2 keeps slots from waiting for submissions. The setting `order` says
//! what decides, and what decides between equals.
//!
//! This example has the bindings of the contract alone. With the crate `spec-guest-sdk` it is shorter: see
//! `plugins/priming-critical-path`.

use std::cmp::Ordering;
use std::sync::Once;

use bindings::exports::spec::plugin::priming::{
    Candidate, Decision, Guest, GuestSession, Load, Observation, Revision, Session, SubmittedAction, Wants,
};
use bindings::spec::plugin::log::{Level, enabled, log};
use bindings::spec::plugin::settings::{
    Configuration, Description, NumberRange, Refusal, RefusalReason, Setting, Value, ValueType,
};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    use super::CriticalPath;

    wit_bindgen::generate!({ path: "../../../wit", world: "priming-policy" });

    export!(CriticalPath);
}

const LOWEST_PRIORITY: u16 = 1000;

/// What candidates are ordered by: the smallest number comes first.
const ORDERS: [(&str, Order); 3] = [
    ("critical-path", |candidate| -i64::from(candidate.critical_ms)),
    ("distance", |candidate| i64::from(candidate.distance)),
    ("fan-out", |candidate| -i64::from(candidate.fan_out)),
];

type Order = fn(&Candidate) -> i64;

struct CriticalPath;

/// The policy of a session.
struct CriticalPathSession {
    order: Vec<Order>,
    per_slot: u64,
}

impl Guest for CriticalPath {
    type Session = CriticalPathSession;

    fn describe() -> Description {
        log_panics();
        let text = str::to_owned;
        let order = Setting {
            name: text("order"),
            summary: text("What decides, and then between equals: critical-path, distance, fan-out."),
            type_: ValueType::Texts,
            default: Some(Value::Texts(ORDERS.iter().map(|(name, _)| text(name)).collect())),
        };
        let per_slot = Setting {
            name: text("per-slot"),
            summary: text("How many primed actions may run or wait for each slot."),
            type_: ValueType::Number(NumberRange { least: 1, greatest: 1000 }),
            default: Some(Value::Number(2)),
        };
        Description {
            name: text("rust-critical-path"),
            version: text("0.1.0"),
            summary: text(
                "As many actions as the workers can run, those with the longest chains after them first.",
            ),
            settings: vec![order, per_slot],
            largest_batch: Some(500),
            skip_codes: Vec::new(),
        }
    }
}

impl GuestSession for CriticalPathSession {
    fn open(configuration: Configuration, _memory: Vec<u8>) -> Result<Session, Refusal> {
        log_panics();
        let mut session = Self { order: Vec::new(), per_slot: 1 };
        for (name, value) in configuration {
            match (name.as_str(), value) {
                ("order", Value::Texts(names)) => {
                    session.order = names.into_iter().map(order).collect::<Result<_, _>>()?;
                }
                ("per-slot", Value::Number(number)) => session.per_slot = number.unsigned_abs(),
                (name, value) => panic!("no setting '{name}' has the value {value:?}"),
            }
        }
        Ok(Session::new(session))
    }

    fn wants(&self) -> Wants {
        Wants::empty()
    }

    fn decide(&self, candidates: Vec<Candidate>, load: Load) -> Vec<Decision> {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by(|one, other| self.compare(&candidates[*one], &candidates[*other]));
        let mut decisions = vec![Decision::Hold; candidates.len()];
        let submitted = self.room(&load).min(order.len()).min(usize::from(LOWEST_PRIORITY) + 1);
        for (rank, index) in (0..).zip(&order[..submitted]) {
            decisions[*index] = Decision::Submit(rank);
        }
        if enabled(Level::Debug) {
            log(Level::Debug, &format!("submits {submitted} of {} candidates", candidates.len()));
        }
        decisions
    }

    fn revise(&self, submitted: Vec<SubmittedAction>, _load: Load) -> Vec<Revision> {
        vec![Revision::Keep; submitted.len()]
    }

    fn observe(&self, _ended: Vec<Observation>) {}

    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl CriticalPathSession {
    fn compare(&self, one: &Candidate, other: &Candidate) -> Ordering {
        let orders = self.order.iter().map(|number| number(one).cmp(&number(other)));
        orders.fold(Ordering::Equal, Ordering::then)
    }

    /// How many more actions may be submitted. If the number of slots is not known, there is at least one.
    fn room(&self, load: &Load) -> usize {
        let most = u64::from(load.slots.unwrap_or(1).max(1)) * self.per_slot;
        let left = most.saturating_sub(load.primed.into());
        usize::try_from(left.min(load.free.into())).unwrap_or(usize::MAX)
    }
}

fn order(name: String) -> Result<Order, Refusal> {
    let found = ORDERS.iter().find(|(own, _)| *own == name).map(|(_, order)| *order);
    found.ok_or_else(|| Refusal {
        reason: RefusalReason::InvalidValue,
        setting: Some("order".to_owned()),
        message: format!("expected critical-path, distance or fan-out, found '{name}'"),
        hint: None,
    })
}

/// A panic ends the component: the log says why, and where.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string()))));
}
