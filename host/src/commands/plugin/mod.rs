//! `plugin`

mod add;
mod ask_samples;
mod bench;
mod build;
mod check;
mod inspect;
mod list;
mod new;
mod project_conf;
mod test;

use std::process::ExitCode;

use spec_plugin_package::{PluginReference, ProjectPlugin};
use spec_project::ProjectConfig;

use crate::app::App;
use crate::cli::PluginCommand;
use crate::error::CommandResult;

/// Runs the command.
///
/// # Errors
/// What ends it.
pub(super) fn run(app: &App, command: &PluginCommand) -> CommandResult<ExitCode> {
    match command {
        PluginCommand::New(args) => new::run(args)?,
        PluginCommand::Build(args) => build::run(app, &args.folder)?,
        PluginCommand::Check(args) => check::run(app, args)?,
        PluginCommand::Inspect(args) => inspect::run(app, args)?,
        PluginCommand::List(args) => list::run(app, args)?,
        PluginCommand::Test(args) => return test::run(app, args),
        PluginCommand::Bench(args) => bench::run(app, args)?,
        PluginCommand::Add(args) => add::add(app, args)?,
        PluginCommand::Lock(args) => add::lock(app, args)?,
        PluginCommand::Vendor => add::vendor(app)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The plugins that a project names, and the references that it chooses policies by.
fn plugins_of(project: &ProjectConfig) -> CommandResult<(Vec<ProjectPlugin>, Vec<PluginReference>)> {
    let section = &project.spec_host_settings;
    let plugins = spec_plugin_package::project_plugins(section)?;
    let mut references: Vec<_> = plugins.iter().map(|plugin| plugin.reference.clone()).collect();
    for key in [spec_session::OVERLAY_POLICY_KEY, spec_session::PRIMING_POLICY_KEY] {
        let Some(node) = section.get(key) else { continue };
        let node = node.as_mapping().ok().and_then(|section| section.get("component")).unwrap_or(node);
        let reference = node.as_str().ok().and_then(|text| text.parse::<PluginReference>().ok());
        references.extend(reference.filter(PluginReference::is_remote));
    }
    references.sort();
    references.dedup();
    Ok((plugins, references))
}
