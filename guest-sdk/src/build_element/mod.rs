//! The shared behaviour of kinds that configure, build, install and strip (BuildStream's `BuildElement`).
//!
//! Dependencies are staged where their `location` says and integrated at `/`, the sources are staged at
//! `%{build-root}`, the commands run there or in `%{command-subdir}` with a read-only root, and `%{install-root}`
//! becomes the artifact. BuildStream empties the build directory after a successful build to save the time of
//! capturing it; that changes no artifact, so the plan leaves it to the host.

mod commands;
mod dependencies;

use crate::{Configured, Element, KindDescription, Plan, Rejection, Step, Value, path};
use commands::Commands;
use dependencies::Dependencies;

/// The description of a kind with this behaviour. `defaults` is YAML text.
#[must_use]
pub fn description(name: &str, version: &str, defaults: &str) -> KindDescription {
    KindDescription::new(name, version).defaults(defaults).runs_commands()
}

/// The unique key and the plan of an element of such a kind.
///
/// # Errors
/// When `config` or the `config` of a dependency has an unknown key or a value of the wrong type.
pub fn configure(element: &Element) -> Result<Configured, Rejection> {
    let commands = Commands::read(element.config()?)?;
    let dependencies = Dependencies::read(element)?;
    let unique_key = unique_key(element, &commands, &dependencies);
    Ok(Configured { unique_key, plan: plan(element, commands, &dependencies)? })
}

fn subdirectory(element: &Element) -> Option<&str> {
    element.variable("command-subdir").filter(|subdirectory| !subdirectory.is_empty())
}

fn unique_key(element: &Element, commands: &Commands, dependencies: &Dependencies<'_>) -> Value {
    let mut key = commands.key();
    if let Some(subdirectory) = subdirectory(element) {
        key.push(("command-subdir".to_owned(), subdirectory.into()));
    }
    // Any text counts, also 'False': BuildStream takes it for true.
    if element.variable("notparallel").is_some_and(|value| !value.is_empty()) {
        key.push(("notparallel".to_owned(), Value::Bool(true)));
    }
    key.extend(dependencies.key());
    Value::Mapping(key)
}

fn plan(element: &Element, commands: Commands, dependencies: &Dependencies<'_>) -> Result<Plan, Rejection> {
    let build_root = path::absolute(element.require_variable("build-root")?);
    let install_root = path::absolute(element.require_variable("install-root")?);
    let directory = subdirectory(element).map_or(build_root.clone(), |below| path::join(&build_root, below));
    let mut steps = dependencies.steps();
    steps.push(Step::StageSources(build_root.clone()));
    steps.extend(commands.steps());
    Ok(Plan {
        digest_environment: dependencies.digest_environment(),
        working_directory: Some(path::absolute(&directory)),
        marked_directories: vec![build_root, install_root.clone()],
        steps,
        collect: install_root,
        ..Plan::default()
    })
}
