//! Answers in ways that the contract forbids; the element's name says which.

use spec_guest_sdk::bindings::element_kind as world;
use spec_guest_sdk::bindings::imports::spec::plugin::plan;
use spec_guest_sdk::{
    Command, CommandGroup, KindDescription, Rejection, RejectionReason, Value, build_element,
};
use world::exports::spec::plugin::kind::{ElementInput, Guest, KeyValue, UniqueKey};

struct InvalidAnswer;

impl Guest for InvalidAnswer {
    fn describe() -> KindDescription {
        build_element::description("invalid-answer", env!("CARGO_PKG_VERSION"), "")
    }

    fn configure(input: ElementInput) -> Result<UniqueKey, Rejection> {
        let case = input.name.trim_end_matches(".bst");
        match case {
            "rejection-node" => {
                let (reason, message) = (RejectionReason::InvalidData, "somewhere".to_owned());
                return Err(Rejection { reason, message, hint: None, node: Some(1_000_000) });
            }
            "rejection-reason" => return Err(Rejection::other("Not A Code", "somehow")),
            _ => {}
        }
        match bad_key(case) {
            Some(values) => {
                plan::collect("/output");
                Ok(UniqueKey { values })
            }
            None => {
                bad_plan(case);
                Ok(UniqueKey::from(Value::Null))
            }
        }
    }
}

fn bad_key(name: &str) -> Option<Vec<KeyValue>> {
    let entry = |name: &str, index| (name.to_owned(), index);
    Some(match name {
        "key-empty" => vec![],
        "key-index" => vec![KeyValue::Sequence(vec![7])],
        "key-cycle" => vec![KeyValue::Sequence(vec![1]), KeyValue::Sequence(vec![0])],
        "key-self" => vec![KeyValue::Sequence(vec![0])],
        "key-shared" => vec![KeyValue::Null, KeyValue::Sequence(vec![0, 0])],
        "key-orphan" => vec![KeyValue::Null, KeyValue::Null],
        "key-name-twice" => {
            vec![KeyValue::Null, KeyValue::Null, KeyValue::Mapping(vec![entry("a", 0), entry("a", 1)])]
        }
        "key-deep" => {
            let nested = (0..100_000).fold(vec![KeyValue::Null], |mut values, index| {
                values.push(KeyValue::Sequence(vec![index]));
                values
            });
            return Some(nested);
        }
        "key-huge" => {
            let text = "x".repeat(1 << 16);
            let texts = (0..400).map(|_| Value::Text(text.clone())).collect();
            return Some(UniqueKey::from(Value::Sequence(texts)).values);
        }
        _ => return None,
    })
}

fn bad_plan(name: &str) {
    match name {
        "plan-dependency" => plan::integrate(&[3]),
        "plan-relative" => plan::stage_sources("src"),
        "plan-climbs" => return plan::collect("/output/../etc"),
        "plan-nul" => return plan::collect("/out\0put"),
        "plan-no-program" => {
            let command = Command { label: "make".to_owned(), argv: Vec::new() };
            let group =
                CommandGroup { label: "build".to_owned(), read_only_root: true, commands: vec![command] };
            plan::run(&group);
        }
        "plan-collects-twice" => plan::collect("/output"),
        "plan-collects-nothing" => return plan::stage_sources("/src"),
        "plan-huge" => {
            let path = format!("/{}", "x".repeat(1 << 20));
            (0..32).for_each(|_| plan::stage_sources(&path));
        }
        other => panic!("no such case: {other}"),
    }
    plan::collect("/output");
}

world::export_element_kind!(InvalidAnswer with_types_in world);
