//! `plugin`

use std::process::ExitCode;

use spec_model::UserError;
use spec_plugins::{
    Options, Plugins, PolicyComponent, PolicyRequest, default_kinds, overlay_policies, priming_policies,
};
use spec_strategy::{KindRegistry, KindRequest};

use super::print;
use crate::app::App;
use crate::cli::{PluginCheckArgs, PluginCommand};
use crate::error::{CommandError, CommandResult};

/// The reason of the error about a component of another world.
const WRONG_WORLD: &str = "plugin-wrong-world";

/// Lists or checks components.
///
/// # Errors
/// What is wrong with a component.
pub(super) fn run(app: &App, command: &PluginCommand) -> CommandResult<ExitCode> {
    match command {
        PluginCommand::List => list()?,
        PluginCommand::Check(args) => print(&format!("{}: {}\n", args.file.display(), check(app, args)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> CommandResult {
    let lines = |called: &str, names: Vec<&str>| -> String {
        names.iter().map(|name| format!("{called:15} {name}\n")).collect()
    };
    let all = [
        lines("element-kind", default_kinds().collect()),
        lines("overlay-policy", overlay_policies().collect()),
        lines("priming-policy", priming_policies().collect()),
    ];
    print(&all.concat())
}

/// Loads a component with its settings, and describes it.
fn check(app: &App, args: &PluginCheckArgs) -> CommandResult<&'static str> {
    let plugins = Plugins::new(Options::new(app.config.cache("plugins")));
    let component = PolicyComponent::File(args.file.clone());
    let request = PolicyRequest { component, settings: args.settings.clone() };
    match plugins.overlay_policy(&request) {
        Err(error) if error.reason() == WRONG_WORLD => {}
        policy => return Ok(policy.map(|_| "a good overlay policy")?),
    }
    match plugins.priming_policy(&request, "check") {
        Err(error) if error.reason() == WRONG_WORLD => {}
        policy => return Ok(policy.map(|_| "a good priming policy")?),
    }
    let name = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    plugins.kind(&KindRequest { name, component: Some(args.file.clone()) })?;
    match args.settings.first() {
        None => Ok("a good element kind"),
        Some((key, _)) => {
            let file = args.file.display();
            let message = format!("{file} is an element kind, which has no settings, so none called '{key}'");
            Err(CommandError::usage("plugin-no-settings", message).hint("leave --setting out"))
        }
    }
}
