//! The unique key of BuildStream's `BuildElement`.

use std::collections::BTreeMap;

use spec_model::{NodeError, Value};
use spec_strategy::{ElementInput, KindError};

use super::rejected;

const STEPS: [&str; 4] = ["configure-commands", "build-commands", "install-commands", "strip-commands"];

pub(super) fn key(input: &ElementInput) -> Result<Value, KindError> {
    unique_key(input).map_err(|error| rejected(&error))
}

fn unique_key(input: &ElementInput) -> Result<Value, NodeError> {
    let mut key = BTreeMap::new();
    for step in STEPS {
        key.insert(step.to_owned(), Value::seq(input.config.str_list_or_empty(step)?));
    }
    let variable =
        |name: &str| input.variables.iter().find(|(known, _)| **known == *name).map(|(_, text)| &**text);
    if let Some(directory) = variable("command-subdir").filter(|directory| !directory.is_empty()) {
        key.insert("command-subdir".to_owned(), directory.into());
    }
    if variable("notparallel").is_some_and(|text| !text.is_empty()) {
        key.insert("notparallel".to_owned(), Value::Bool(true));
    }
    let mut layout: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for dependency in input.dependencies.iter().filter(|dependency| dependency.build) {
        let setting = |name: &str| match &dependency.config {
            Some(config) => config.opt_str(name),
            None => Ok(None),
        };
        layout
            .entry(setting("location")?.unwrap_or("/").to_owned())
            .or_default()
            .push(dependency.path.clone());
        if let Some(name) = setting("digest-environment")? {
            digests.entry(name.to_owned()).or_default().push(dependency.path.clone());
        }
    }
    if layout.keys().any(|location| location != "/") {
        key.insert("layout".to_owned(), lists(layout));
    }
    if !digests.is_empty() {
        key.insert("digest-enviornment".to_owned(), lists(digests));
    }
    Ok(Value::Map(key))
}

fn lists(map: BTreeMap<String, Vec<String>>) -> Value {
    Value::map(map.into_iter().map(|(name, paths)| (name, Value::seq(paths))))
}
