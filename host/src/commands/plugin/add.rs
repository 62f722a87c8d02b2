//! `plugin add`, `plugin lock` and `plugin vendor`

use std::path::Path;

use spec_plugin_package::{LOCK_FILE, LockedPlugin, PluginReference, PluginWorld};

use super::{plugins_of, project_conf};
use crate::app::App;
use crate::cli::{PluginAddArgs, PluginLockArgs};
use crate::commands::print;
use crate::error::{CommandError, CommandResult};

/// Adds a plugin to the project and its lock.
///
/// # Errors
/// When it cannot be had or implements none of the worlds, or the project cannot be changed.
pub(super) fn add(app: &App, args: &PluginAddArgs) -> CommandResult {
    let project = app.project_config()?;
    let reference = in_project(&project.directory, &args.component)?;
    let finder = app.component_finder(&project.directory)?;
    let (summary, locked) = finder.look_at(&reference)?;
    let of_manifest =
        summary.manifest.as_ref().map(|manifest| manifest.kinds.first().unwrap_or(&manifest.name));
    let Some(name) = args.name.as_ref().or(of_manifest) else {
        let message = format!("{reference} has no manifest that tells its name");
        return Err(CommandError::usage("plugin-no-name", message).hint("give it a name with --name"));
    };
    project_conf::add(app, &project.directory, name, &reference)?;
    let mut lock = finder.lock().clone();
    lock.plugins.insert(reference.clone(), locked.clone());
    lock.write(&project.directory)?;
    let use_it = match locked.world {
        PluginWorld::ElementKind => format!("elements of `kind: {name}` use it"),
        world => format!("choose it with --{world} {name}, or `{world}: {name}` below elements: spec-host:"),
    };
    print(&format!("{}{use_it}\n", line(&reference, &locked)))
}

/// The reference as project.conf has it: a path is relative to the project, where it can be.
fn in_project(project: &Path, reference: &PluginReference) -> CommandResult<PluginReference> {
    let PluginReference::Path(path) = reference else { return Ok(reference.clone()) };
    let io = |error: std::io::Error| CommandError::io(&format!("read {path}"), &error);
    let file = std::fs::canonicalize(path).map_err(io)?;
    let path = file.strip_prefix(project).map_or_else(
        |_| file.display().to_string(),
        |path| {
            if path.components().count() == 1 {
                format!("./{}", path.display())
            } else {
                path.display().to_string()
            }
        },
    );
    Ok(PluginReference::Path(path))
}

/// Writes the lock of the project.
///
/// # Errors
/// When a plugin cannot be had or implements none of the worlds, or the lock cannot be written.
pub(super) fn lock(app: &App, args: &PluginLockArgs) -> CommandResult {
    let project = app.project_config()?;
    let (_, references) = plugins_of(&project)?;
    let lock = app.component_finder(&project.directory)?.new_lock(&references, args.update)?;
    lock.write(&project.directory)?;
    let lines: String = lock.plugins.iter().map(|(reference, locked)| line(reference, locked)).collect();
    print(&format!("{lines}plugins in {LOCK_FILE}: {}\n", lock.plugins.len()))
}

fn line(reference: &PluginReference, locked: &LockedPlugin) -> String {
    format!("{} {reference} sha256:{}\n", locked.world, locked.sha256)
}

/// Copies the locked plugins into the project.
///
/// # Errors
/// When one cannot be had, or a copy cannot be written.
pub(super) fn vendor(app: &App) -> CommandResult {
    let project = app.project_config()?;
    let finder = app.component_finder(&project.directory)?;
    let count = finder.vendor()?;
    print(&format!("plugins in {}: {count}\n", finder.vendor_folder().display()))
}
