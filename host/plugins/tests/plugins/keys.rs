//! Compares unique keys with those of BuildStream's own classes; keys.py makes keys.json.

use serde_json::Value as Json;
use spec_model::{Mapping, Node, Value};
use spec_strategy::{DependencyInput, ElementInput, KindError, NoDependencies};

use crate::support::{element, embedded, with_variable};

fn node(json: &Json) -> Node {
    match json {
        Json::String(text) => Node::text(text.as_str()),
        Json::Array(items) => Node::sequence(items.iter().map(node).collect()),
        Json::Object(_) => mapping(json).into(),
        other => panic!("no configuration has {other}"),
    }
}

fn mapping(json: &Json) -> Mapping {
    let mut mapping = Mapping::new();
    for (name, value) in json.as_object().into_iter().flatten() {
        mapping.set(name, node(value));
    }
    mapping
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64().expect("keys have whole numbers")),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::Seq(items.iter().map(value).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(name, item)| (name, value(item)))),
    }
}

fn text(json: &Json) -> String {
    json.as_str().expect("the table has a text here").to_owned()
}

fn dependency(json: &Json) -> DependencyInput {
    DependencyInput {
        path: text(&json["path"]),
        build: json["build"].as_bool().unwrap_or(true),
        runtime: json["runtime"].as_bool().unwrap_or(true),
        config: json.get("config").map(mapping),
    }
}

fn input(case: &Json) -> ElementInput {
    let mut input = element("element.bst");
    for (name, value) in case["variables"].as_object().into_iter().flatten() {
        input = with_variable(input, name, &text(value));
    }
    if let Some(sources) = case["sources"].as_array() {
        input.sources = sources.iter().map(text).collect();
    }
    input.dependencies = case["dependencies"].as_array().into_iter().flatten().map(dependency).collect();
    ElementInput { config: mapping(&case["config"]), ..input }
}

#[test]
fn unique_keys_are_those_of_buildstream() {
    let table: Vec<Json> = serde_json::from_str(include_str!("keys.json")).expect("the table is JSON");
    assert!(!table.is_empty());
    for case in &table {
        match (embedded(&text(&case["kind"])).configure(&input(case), &NoDependencies), case.get("key")) {
            (Ok(configured), Some(key)) => {
                assert_eq!(configured.key_text(), value(key).canonical(), "{case}")
            }
            (Err(KindError::Rejected { .. }), None) => {}
            (answer, _) => panic!("{case}: {answer:?}"),
        }
    }
}
