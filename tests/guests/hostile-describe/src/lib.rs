//! A priming policy that describes itself with millions of settings.

use exports::spec::plugin::priming::{
    Candidate, Decision, Guest, GuestSession, Load, Observation, Revision, Session, SubmittedAction, Wants,
};
use spec::plugin::settings::{Configuration, Description, Refusal, Setting, ValueType};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    wit_bindgen::generate!({ path: "../../../wit", world: "priming-policy" });

    export!(Hostile);
    use super::Hostile;
}

use bindings::{exports, spec};

struct Hostile;

struct NoSession;

impl Guest for Hostile {
    type Session = NoSession;

    fn describe() -> Description {
        let setting = Setting {
            name: "again".to_owned(),
            summary: "Not needed.".to_owned(),
            type_: ValueType::Text,
            default: None,
        };
        Description {
            name: "hostile-describe".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "It has many settings.".to_owned(),
            settings: vec![setting; 300_000],
            largest_batch: Some(0),
            skip_codes: Vec::new(),
        }
    }
}

impl GuestSession for NoSession {
    fn open(_: Configuration, _: Vec<u8>) -> Result<Session, Refusal> {
        Ok(Session::new(Self))
    }

    fn wants(&self) -> Wants {
        Wants::empty()
    }

    fn decide(&self, candidates: Vec<Candidate>, _: Load) -> Vec<Decision> {
        vec![Decision::Hold; candidates.len()]
    }

    fn revise(&self, _: Vec<SubmittedAction>, _: Load) -> Vec<Revision> {
        Vec::new()
    }

    fn observe(&self, _: Vec<Observation>) {}

    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}
