//! An element with everything about it as JSON.

use serde_json::{Map, Value, json};
use spec_model::Value as Plain;
use spec_project::WrittenVariables;
use spec_session::Session;

use super::fields::dependencies;
use spec_session::ElementState;

/// One element of `show --json`.
pub(crate) fn element(session: &Session, index: usize, state: &ElementState) -> Value {
    let element = &session.project.elements[index];
    let pair = session.key_pairs[index];
    let key = session.shown_key(index, Some(state));
    json!({
        "name": element.name.to_string(),
        "kind": &*element.kind,
        "description": element.description,
        "project": &*element.project,
        "state": state.name(),
        "key": (!key.is_empty()).then_some(key),
        "strict-key": pair.map(|pair| pair.strict.to_string()),
        "weak-key": pair.map(|pair| pair.weak.to_string()),
        "artifact-cas-digest": state.files().map(|digest| digest.to_string()),
        "workspace": element.workspace.as_ref().map(|folder| folder.display().to_string()),
        "place": element.position.as_ref().map(ToString::to_string),
        "config": data(&element.config().to_value()),
        "variables": texts(&element.variables),
        "environment": data(&element.environment_data().to_value()),
        "environment-nocache": *element.environment_nocache,
        "public": data(&element.public.to_value()),
        "sandbox": data(&element.sandbox.to_value()),
        "dependencies": dependencies(session, element, true, true),
        "build-dependencies": dependencies(session, element, true, false),
        "runtime-dependencies": dependencies(session, element, false, true),
        "sources": element.sources.iter().map(source).collect::<Vec<_>>(),
    })
}

fn source(source: &spec_project::SourceConfig) -> Value {
    json!({"kind": source.kind, "directory": source.directory, "config": data(&source.config.to_value())})
}

fn texts(variables: &WrittenVariables) -> Value {
    variables
        .values()
        .iter()
        .map(|(name, text)| (name.to_string(), json!(**text)))
        .collect::<Map<_, _>>()
        .into()
}

fn data(value: &Plain) -> Value {
    match value {
        Plain::Null => Value::Null,
        Plain::Bool(truth) => json!(truth),
        Plain::Int(number) => json!(number),
        Plain::Str(text) => json!(text),
        Plain::Seq(values) => values.iter().map(data).collect(),
        Plain::Map(map) => {
            map.iter().map(|(name, value)| (name.clone(), data(value))).collect::<Map<_, _>>().into()
        }
    }
}
