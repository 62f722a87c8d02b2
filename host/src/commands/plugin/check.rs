//! `plugin check`

use std::path::Path;

use spec_model::{Mapping, Node};
use spec_plugin_package::built_component;
use spec_plugins::{ComponentWorld, Plugins, PolicyComponent, PolicyRequest};
use spec_speculation::{check_overlay_policy, check_priming_policy};
use spec_strategy::{DependencyInput, ElementInput, KindError, KindRegistry, KindRequest, NoDependencies};

use crate::app::App;
use crate::cli::PluginCheckArgs;
use crate::commands::print;
use crate::error::{CommandError, CommandResult};

/// Checks a component.
///
/// # Errors
/// What is wrong with it.
pub(super) fn run(app: &App, args: &PluginCheckArgs) -> CommandResult {
    let file = built_component(&args.plugin)?;
    let is = check(app, &file, &args.settings)?;
    print(&format!("{}: {is}\n", file.display()))
}

/// What a component is: it loads, takes its settings, and answers to samples.
fn check(app: &App, file: &Path, settings: &[(String, String)]) -> CommandResult<String> {
    let plugins = Plugins::new(app.plugin_options());
    let component = PolicyComponent::File(file.to_owned());
    let request = PolicyRequest { component, settings: settings.to_vec() };
    match plugins.world_of(file)? {
        ComponentWorld::OverlayPolicy => {
            check_overlay_policy(plugins.overlay_policy(&request, "check")?.policy)?;
            Ok("a good overlay policy".to_owned())
        }
        ComponentWorld::PrimingPolicy => {
            check_priming_policy(plugins.priming_policy(&request, "check")?.policy)?;
            Ok("a good priming policy".to_owned())
        }
        ComponentWorld::ElementKind => check_kind(&plugins, file, settings),
    }
}

/// Has an element kind describe itself and configure samples. It may refuse them, but must not fail.
fn check_kind(plugins: &Plugins, file: &Path, settings: &[(String, String)]) -> CommandResult<String> {
    if let Some((key, _)) = settings.first() {
        let file = file.display();
        let message = format!("{file} is an element kind, which has no settings, so none called '{key}'");
        return Err(CommandError::usage("plugin-no-settings", message).hint("leave --setting out"));
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let kind = plugins.kind(&KindRequest::of_file(&name, file.to_owned()))?;
    let mut refusals = Vec::new();
    for sample in sample_elements() {
        match kind.configure(&sample, &NoDependencies) {
            Ok(_) => {}
            Err(KindError::Rejected { message, .. }) => refusals.push(format!("{}: {message}", sample.name)),
            Err(error) => return Err(error.into()),
        }
    }
    let refused: String = refusals.iter().map(|refusal| format!("\n    it refuses {refusal}")).collect();
    Ok(format!("a good element kind{refused}"))
}

/// An element without anything, and one with sources, dependencies and commands.
pub(super) fn sample_elements() -> [ElementInput; 2] {
    let names = ["build-root", "install-root", "prefix", "project-name", "element-name"];
    let variable = |name: &str| (name.into(), format!("/{name}").into());
    let mut variables: Vec<_> = names.into_iter().map(variable).collect();
    variables.sort_unstable();
    let dependency =
        |path: &str, build, runtime| DependencyInput { path: path.to_owned(), build, runtime, config: None };
    let mut config = Mapping::default();
    config.set("build-commands", Node::sequence(vec![Node::text("make")]));
    let empty = ElementInput {
        name: "sample-empty.bst".to_owned(),
        project: "sample".to_owned(),
        variables,
        ..ElementInput::default()
    };
    let full = ElementInput {
        name: "sample-full.bst".to_owned(),
        config,
        dependencies: vec![dependency("base.bst", true, true), dependency("tools.bst", true, true)],
        sources: vec!["local".to_owned(), "tar".to_owned()],
        ..empty.clone()
    };
    [empty, full]
}
