use serde_json::json;

use super::*;

#[test]
fn every_kind_of_change_is_found() {
    let description =
        |weak: &str, dependencies: Value, sources: Value, environment: Value, commands: Value| {
            json!({
                "weak-cache-key": weak, "dependencies": dependencies, "sources": sources,
                "environment": environment, "element-plugin-key": {"commands": commands}, "public": {},
            })
        };
    let source = |key: &str| json!({"key": key, "name": "tar"});
    let before = description(
        "1",
        json!([["p", "a.bst", "A"], ["p", "b.bst", "B"], ["p", "same.bst", "S"]]),
        json!([source("x"), source("y")]),
        json!({"CC": "gcc", "OLD": "1"}),
        json!([["make"], ["install"]]),
    );
    let after = description(
        "2",
        json!([["p", "same.bst", "S"], ["p", "a.bst", "A2"], ["p", "c.bst", "C"]]),
        json!([source("x"), source("z"), source("w")]),
        json!({"CC": "recc gcc"}),
        json!([["make -k"], ["install"]]),
    );
    let found: Vec<String> = changes(&before, &after).iter().map(describe).collect();
    let expect = [
        "p a.bst A A2",
        "p b.bst B -",
        "p c.bst - C",
        "element-plugin-key commands 0 0: \"make\" \"make -k\"",
        "environment CC: \"gcc\" \"recc gcc\"",
        "environment OLD: \"1\" -",
        "source 1 true true",
        "source 2 false true",
    ];
    assert_eq!(found, expect);
    assert_eq!(changes(&before, &before), []);
}

#[test]
fn lists_of_other_length_are_compared_whole() {
    let (before, after) = (json!({"commands": ["a", "b"]}), json!({"commands": ["new", "a", "b"]}));
    let told: Vec<String> = changes(&before, &after).iter().map(describe).collect();
    assert_eq!(told, [r#"commands: ["a","b"] ["new","a","b"]"#]);
}

fn describe(change: &KeyChange) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    match change {
        KeyChange::Dependency { name: (project, name), before, after } => {
            let key = |key: &Option<String>| key.clone().unwrap_or("-".to_owned());
            format!("{project} {name} {} {}", key(before), key(after))
        }
        KeyChange::Source { index, before, after } => {
            format!("source {index} {} {}", before.is_some(), after.is_some())
        }
        KeyChange::Setting { path, before, after } => {
            let steps: Vec<String> = path
                .iter()
                .map(|step| match step {
                    PathStep::Name(name) => name.clone(),
                    PathStep::Index(index) => index.to_string(),
                })
                .collect();
            format!("{}: {} {}", steps.join(" "), shown(before), shown(after))
        }
    }
}
