//! Answers in ways that the contract forbids; the element's name says which.

use spec_guest_sdk::bindings::exports::spec::element_kind::kind::KeyValue;
use spec_guest_sdk::{
    Configured, Element, Kind, KindDescription, Rejection, RejectionReason, Step, UniqueKey, Value,
    build_element, export_kind,
};

struct InvalidAnswer;

impl Kind for InvalidAnswer {
    fn describe() -> KindDescription {
        build_element::description("invalid-answer", "")
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let case = element.name().trim_end_matches(".bst");
        if case == "rejection-node" {
            let message = "somewhere".to_owned();
            return Err(Rejection { reason: RejectionReason::InvalidData, message, node: Some(1_000_000) });
        }
        if case == "rejection-reason" {
            return Err(Rejection::other("Not A Code", "somehow"));
        }
        let mut answer = build_element::configure(element)?;
        if let Some(values) = bad_key(case) {
            answer.unique_key = UniqueKey { values };
        } else {
            spoil_plan(case, &mut answer);
        }
        Ok(answer)
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

fn spoil_plan(name: &str, answer: &mut Configured) {
    let plan = &mut answer.plan;
    match name {
        "plan-dependency" => plan.steps.push(Step::Integrate(vec![3])),
        "plan-relative" => plan.steps.push(Step::StageSources("src".to_owned())),
        "plan-climbs" => plan.collect = "/output/../etc".to_owned(),
        "plan-nul" => plan.collect = "/out\0put".to_owned(),
        "plan-no-program" => {
            for step in &mut plan.steps {
                if let Step::Run(group) = step {
                    group.commands.iter_mut().for_each(|command| command.argv.clear());
                }
            }
        }
        other => panic!("no such case: {other}"),
    }
}

export_kind!(InvalidAnswer);
