//! `plugin new`

use std::path::PathBuf;

use spec_plugin_package::{NewPlugin, PluginWorld, RECORDING_FILE, new_plugin};

use crate::cli::PluginNewArgs;
use crate::commands::print;
use crate::error::CommandResult;

/// Writes the folder of a new plugin.
///
/// # Errors
/// When it is there already, or cannot be written.
pub(super) fn run(args: &PluginNewArgs) -> CommandResult {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from(args.name.as_str()));
    let new = NewPlugin {
        name: args.name.clone(),
        world: args.world,
        language: args.language,
        folder: folder.clone(),
        sdk: args.sdk.clone(),
    };
    let files = new_plugin(&new)?;
    let own = files.iter().filter(|file| !file.starts_with("sdk/") && !file.starts_with("wit/"));
    let own: String = own.map(|file| format!("    {file}\n")).collect();
    let folder = folder.display();
    let tools = args.language.tools_command();
    let tools = tools.map_or_else(String::new, |command| format!("first: (cd {folder} && {command})\n"));
    let compare = match args.world {
        PluginWorld::PrimingPolicy => compare(&folder.to_string(), args.name.as_str()),
        PluginWorld::ElementKind | PluginWorld::OverlayPolicy => String::new(),
    };
    print(&format!(
        "{folder} has {} {} in {}:\n{own}{tools}next: spec-host plugin test {folder}; README.md tells more\n{compare}",
        article(args.world.as_str()),
        args.world,
        args.language
    ))
}

/// The command that compares a new policy with others.
fn compare(folder: &str, name: &str) -> String {
    format!(
        "then: spec-host policy compare {folder}/{RECORDING_FILE} none built-in {folder}/build/{name}.wasm --workers 1,4,16\n"
    )
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
