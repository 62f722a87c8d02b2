//! `plugin inspect`

use std::path::Path;

use serde_json::{Value, json};
use spec_component_metadata::ComponentNeeds;
use spec_plugin_package::{
    ComponentSummary, PluginManifest, PluginReference, SettingType, Sha256, built_component, summarize,
};
use spec_plugins::Limits;

use crate::app::App;
use crate::cli::PluginInspectArgs;
use crate::commands::print;
use crate::error::CommandResult;
use crate::term::format_size;

/// Shows what a component says of itself.
///
/// # Errors
/// When it cannot be had, or is no component.
pub(super) fn run(app: &App, args: &PluginInspectArgs) -> CommandResult {
    let reference = match &args.component {
        PluginReference::Path(path) => {
            PluginReference::Path(built_component(Path::new(path))?.display().to_string())
        }
        remote => remote.clone(),
    };
    let component = app.component_finder(Path::new(""))?.read(&reference)?;
    let summary = summarize(&component, &reference.to_string())?;
    let sha256 = Sha256::of(&component);
    match args.json {
        true => print(&format!("{:#}\n", json(&summary, &sha256))),
        false => print(&text(&summary, &sha256, &reference)),
    }
}

fn text(summary: &ComponentSummary, sha256: &Sha256, reference: &PluginReference) -> String {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(format!("{name:10} {value}\n"));
    match &summary.world {
        Some((world, version)) => row("world", format!("{world}, contract {version}")),
        None => row("world", format!("none of spec:plugin; it exports {}", list(&summary.exports))),
    }
    row("imports", list(&summary.imports));
    row("size", format!("{}, SHA-256 {sha256}", format_size(summary.size)));
    row("engine", needs(&summary.needs));
    let title = match &summary.manifest {
        Some(manifest) => {
            row("language", manifest.language.to_string());
            if !manifest.licence.is_empty() {
                row("licence", manifest.licence.clone());
            }
            if !manifest.kinds.is_empty() {
                row("kinds", list(&manifest.kinds.iter().map(ToString::to_string).collect::<Vec<_>>()));
            }
            row("settings", settings(manifest));
            format!("{} {} ({reference})\n", manifest.name, manifest.version)
        }
        None => format!("{reference}\n"),
    };
    let summary = summary.manifest.as_ref().map_or("", |manifest| &manifest.summary);
    let summary = if summary.is_empty() { String::new() } else { format!("{summary}\n") };
    let rest =
        "Not run: whether it works, and what it describes of itself, tells `spec-host plugin check`.\n";
    format!("{title}{summary}{}{rest}", rows.concat())
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// What a component needs of the limits.
fn needs(needs: &ComponentNeeds) -> String {
    let ComponentNeeds { core_instances, memories, tables, initial_memory } = *needs;
    let limit = format_size(Limits::default().memory as u64);
    let memory = format_size(initial_memory);
    format!(
        "core instances: {core_instances}, memories: {memories}, tables: {tables}, memory at the start: {memory} (at most {limit})"
    )
}

fn settings(manifest: &PluginManifest) -> String {
    let one = |(name, setting): (&_, &spec_plugin_package::ManifestSetting)| {
        let default = setting.default.as_ref().map(|value| format!(", default {value}")).unwrap_or_default();
        format!("{name} ({}{default}): {}", type_name(setting.value_type), setting.summary)
    };
    let all: Vec<String> = manifest.settings.iter().map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("\n           ") }
}

fn type_name(value_type: SettingType) -> &'static str {
    match value_type {
        SettingType::Text => "text",
        SettingType::Choice => "choice",
        SettingType::Truth => "truth",
        SettingType::Number => "number",
        SettingType::Texts => "texts",
    }
}

fn json(summary: &ComponentSummary, sha256: &Sha256) -> Value {
    let ComponentNeeds { core_instances, memories, tables, initial_memory } = summary.needs;
    json!({
        "world": summary.world.as_ref().map(|(world, _)| world.as_str()),
        "contract": summary.world.as_ref().map(|(_, version)| version),
        "imports": summary.imports,
        "exports": summary.exports,
        "size": summary.size,
        "sha256": sha256.hex(),
        "needs": {
            "core-instances": core_instances,
            "memories": memories,
            "tables": tables,
            "initial-memory": initial_memory,
        },
        "manifest": summary.manifest.as_ref().and_then(|manifest| serde_json::to_value(manifest).ok()),
    })
}
