//! Checks the answers of components, as far as the types of the contract do not.

use std::collections::BTreeMap;

use spec_model::Value;
use spec_strategy::{BuildRefusal, KindError, Plan, Step};

use crate::conv::{FlatRejection, FlatValue, NodePositions, RejectionReason};
use crate::failure::{PluginFailure, shortened};

/// Levels of a unique key. Deeper keys could exhaust the stack of recursive functions.
const MAX_KEY_DEPTH: usize = 64;

/// Checks an answer, and builds the key; or fails with what is wrong with it. `runs_commands` is whether the kind declares
/// that it runs commands: without it, sandbox and environment are not part of keys, so that it must not run any.
pub(crate) fn configured(
    values: Vec<FlatValue>,
    plan: Plan,
    dependencies: usize,
    runs_commands: bool,
) -> Result<(Value, Plan), PluginFailure> {
    let unique_key = unique_key(values).map_err(PluginFailure::answer)?;
    check_plan(&plan, dependencies).map_err(|what| PluginFailure::answer(&what))?;
    if plan.runs_commands() && !runs_commands {
        let what = "its plan runs commands, but the kind does not declare 'runs-commands'";
        return Err(PluginFailure::answer(what));
    }
    if plan.runs_commands() && plan.no_commands {
        return Err(PluginFailure::answer("its plan runs commands, and says that it does not"));
    }
    Ok((unique_key, plan))
}

/// Converts a rejection, with the place of the node that it names, or of the node's key if the key is at fault.
pub(crate) fn rejection(
    rejection: FlatRejection,
    positions: &[NodePositions],
) -> Result<KindError, PluginFailure> {
    let FlatRejection { reason, message, hint, node } = rejection;
    let place = match node.map(|node| positions.get(node as usize)) {
        None => NodePositions::default(),
        Some(Some(positions)) => positions.clone(),
        Some(None) => return Err(PluginFailure::answer("its rejection names a node that does not exist")),
    };
    let position = match &reason {
        RejectionReason::UnknownKey => place.name.or(place.value),
        _ => place.value,
    };
    let reason = match reason {
        RejectionReason::InvalidData => "invalid-data".to_owned(),
        RejectionReason::UnknownKey => "invalid-data".to_owned(),
        RejectionReason::Sources => "wrong-sources".to_owned(),
        RejectionReason::Other(code) if is_code(&code) => code,
        RejectionReason::Other(code) => {
            let code = code.escape_debug();
            let what = format!("its rejection has the reason '{code}', which is not a code in kebab-case");
            return Err(PluginFailure::answer(&what));
        }
    };
    let (message, hint) = (shortened(message), hint.map(shortened));
    Ok(KindError::Rejected { reason, message, hint, position })
}

/// Replaces the number of the node that the refusal of a plan names by its place.
pub(crate) fn place(refusal: &mut BuildRefusal, positions: &[NodePositions]) -> Result<(), PluginFailure> {
    let Some(node) = refusal.node.take() else { return Ok(()) };
    let place = positions.get(node as usize);
    let unknown = || PluginFailure::answer("it refuses to build for a node that does not exist");
    refusal.position = place.ok_or_else(unknown)?.value.clone();
    Ok(())
}

/// Whether a text is a code in kebab-case.
pub(crate) fn is_code(text: &str) -> bool {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(kebab)
}

/// Builds a key from its flat form, in which children precede their parents. Each value must be used exactly once.
fn unique_key(values: Vec<FlatValue>) -> Result<Value, &'static str> {
    let mut done: Vec<Option<(Value, usize)>> = Vec::with_capacity(values.len());
    for flat in values {
        let value = key_value(flat, &mut done)?;
        if value.1 > MAX_KEY_DEPTH {
            return Err("its unique key is nested too deeply; the limit is 64 levels");
        }
        done.push(Some(value));
    }
    let root = done.pop().flatten().ok_or("its unique key is empty")?;
    if done.iter().any(Option::is_some) {
        return Err("its unique key has a value without a parent");
    }
    Ok(root.0)
}

/// Builds one value, and moves its children out of `done`. Returns it with its depth.
fn key_value(flat: FlatValue, done: &mut [Option<(Value, usize)>]) -> Result<(Value, usize), &'static str> {
    let mut depth = 0;
    let mut take = |index: u32| {
        let child = done.get_mut(index as usize).and_then(Option::take);
        let (value, below) =
            child.ok_or("its unique key names a value that is not before it or was used already")?;
        depth = depth.max(below + 1);
        Ok(value)
    };
    let value = match flat {
        FlatValue::Null => Value::Null,
        FlatValue::Bool(value) => Value::Bool(value),
        FlatValue::Int(value) => Value::Int(value),
        FlatValue::Text(text) => Value::Str(text),
        FlatValue::Sequence(items) => Value::Seq(items.into_iter().map(take).collect::<Result<_, &str>>()?),
        FlatValue::Mapping(entries) => {
            let mut map = BTreeMap::new();
            for (name, index) in entries {
                if map.insert(name, take(index)?).is_some() {
                    return Err("its unique key has the same name twice");
                }
            }
            Value::Map(map)
        }
    };
    Ok((value, depth))
}

fn check_plan(plan: &Plan, dependencies: usize) -> Result<(), String> {
    check_path(&plan.collect)?;
    plan.working_directory.iter().chain(&plan.marked_directories).try_for_each(|path| check_path(path))?;
    for named in &plan.digest_environment {
        check_dependencies(&named.dependencies, dependencies)?;
        if named.variable.is_empty() || named.variable.contains(['=', '\0']) {
            return Err(format!("'{}' cannot name an environment variable", named.variable.escape_debug()));
        }
    }
    if let Some(refusal) = plan.refusal.as_ref().filter(|refusal| !is_code(&refusal.reason)) {
        let code = refusal.reason.escape_debug();
        return Err(format!(
            "it refuses to build for the reason '{code}', which is not a code in kebab-case"
        ));
    }
    plan.steps.iter().try_for_each(|step| check_step(step, dependencies))
}

fn check_step(step: &Step, count: usize) -> Result<(), String> {
    match step {
        Step::StageDependencies { location: path, dependencies }
        | Step::StageFiles { location: path, dependencies, .. }
        | Step::CopyFiles { to: path, dependencies, .. } => {
            check_path(path)?;
            check_dependencies(dependencies, count)
        }
        Step::Integrate { dependencies } => check_dependencies(dependencies, count),
        Step::StageSources { path } | Step::MakeDirectory { path } | Step::WriteFile { path, .. } => {
            check_path(path)
        }
        Step::StageElements { location, .. } => check_path(location),
        Step::CopyTree { from, to } | Step::CopyTreeIfPresent { from, to } => {
            check_path(from).and_then(|()| check_path(to))
        }
        Step::Run(group) => {
            let is_valid = |argv: &[String]| !argv.is_empty() && argv.iter().all(|text| !text.contains('\0'));
            match group.commands.iter().find(|command| !is_valid(&command.argv)) {
                None => Ok(()),
                Some(command) => Err(format!(
                    "the command '{}' has no program or a NUL character",
                    command.label.escape_debug()
                )),
            }
        }
    }
}

fn check_dependencies(indices: &[u32], count: usize) -> Result<(), String> {
    match indices.iter().find(|index| **index as usize >= count) {
        None => Ok(()),
        Some(index) => Err(format!("its plan names dependency {index}, but the element has {count}")),
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let climbs = path.split('/').any(|part| part == "..");
    if path.starts_with('/') && !climbs && !path.contains('\0') {
        return Ok(());
    }
    Err(format!(
        "its plan has the path '{}', but paths must be absolute and without '..'",
        path.escape_debug()
    ))
}

#[cfg(test)]
mod tests;
