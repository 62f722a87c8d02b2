//! CauseKind differs between two descriptions of a key.

use std::collections::BTreeSet;

use serde_json::Value;

/// Something that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyChange {
    /// A build dependency: the key of its artifact, `None` when it is not among the dependencies.
    Dependency {
        /// Its project and its name there.
        name: (String, String),
        /// The key before.
        before: Option<String>,
        /// The key now.
        after: Option<String>,
    },
    /// A source, by its position.
    Source {
        /// Its position, from 0.
        index: usize,
        /// The source before.
        before: Option<Value>,
        /// The source now.
        after: Option<Value>,
    },
    /// Any other value.
    Setting {
        /// The names and positions on the way to it.
        path: Vec<PathStep>,
        /// The value before.
        before: Option<Value>,
        /// The value now.
        after: Option<Value>,
    },
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    /// Into a map.
    Name(String),
    /// Into a list, from 0.
    Index(usize),
}

/// All that differs, but the weak key, which says nothing of its own.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<KeyChange> {
    let mut changes = Vec::new();
    for name in names(before, after).into_iter().filter(|name| *name != "weak-cache-key") {
        let (before, after) = (before.get(name), after.get(name));
        match name {
            "dependencies" => dependencies(before, after, &mut changes),
            "sources" => sources(before, after, &mut changes),
            _ => settings(&mut vec![PathStep::Name(name.to_owned())], before, after, &mut changes),
        }
    }
    changes
}

fn names<'v>(before: &'v Value, after: &'v Value) -> BTreeSet<&'v str> {
    [before, after]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|map| map.keys().map(String::as_str))
        .collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Dependencies are `[project, name, key]`.
fn dependencies(before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<KeyChange>) {
    let text = |entry: &Value, index: usize| entry.get(index).and_then(Value::as_str).map(str::to_owned);
    let name = |entry: &Value| text(entry, 0).zip(text(entry, 1));
    let key_in = |entries: &[Value], wanted: &(String, String)| {
        entries.iter().find(|entry| name(entry).as_ref() == Some(wanted)).and_then(|entry| text(entry, 2))
    };
    let (before, after) = (list(before), list(after));
    let all: BTreeSet<(String, String)> = before.iter().chain(after).filter_map(name).collect();
    for name in all {
        let (before, after) = (key_in(before, &name), key_in(after, &name));
        if before != after {
            changes.push(KeyChange::Dependency { name, before, after });
        }
    }
}

fn sources(before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<KeyChange>) {
    let (before, after) = (list(before), list(after));
    for index in 0..before.len().max(after.len()) {
        let (before, after) = (before.get(index).cloned(), after.get(index).cloned());
        if before != after {
            changes.push(KeyChange::Source { index, before, after });
        }
    }
}

/// Lists of different length are compared as a whole, since positions mean nothing then.
fn settings(
    path: &mut Vec<PathStep>,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<KeyChange>,
) {
    match (before, after) {
        _ if before == after => {}
        (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) => {
            for name in names(old, new) {
                path.push(PathStep::Name(name.to_owned()));
                settings(path, old.get(name), new.get(name), changes);
                path.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                path.push(PathStep::Index(index));
                settings(path, Some(old), Some(new), changes);
                path.pop();
            }
        }
        _ => changes.push(KeyChange::Setting {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
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
}
