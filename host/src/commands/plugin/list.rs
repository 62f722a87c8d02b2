//! `plugin list`

use std::path::PathBuf;

use serde_json::{Value, json};
use spec_plugin_package::{ComponentFinder, PluginReference};
use spec_plugins::{default_kinds, overlay_policies, priming_policies};
use spec_project::ProjectConfig;

use crate::app::App;
use crate::cli::PluginListArgs;
use crate::commands::print;
use crate::error::CommandResult;

/// A plugin that can be used here.
struct ListedPlugin {
    /// What it is called.
    name: String,
    /// What it implements, if that is known without reading it.
    world: String,
    /// Where it is.
    place: String,
    /// Why it is used.
    why: String,
}

/// Lists the plugins of the command line, the configuration, the project and the program.
///
/// # Errors
/// When the project's configuration or its lock is not valid.
pub(super) fn run(app: &App, args: &PluginListArgs) -> CommandResult {
    let mut listed: Vec<ListedPlugin> = app.globals.plugins.iter().map(given).collect();
    if app.globals.directory().join(spec_project::PROJECT_CONF).is_file() {
        let project = app.project_config()?;
        listed.extend(of_project(app, &project)?);
    }
    listed.extend(embedded());
    match args.json {
        true => print(&format!("{:#}\n", Value::Array(listed.iter().map(ListedPlugin::json).collect()))),
        false => print(&table(&listed)),
    }
}

fn given((kind, file): &(String, PathBuf)) -> ListedPlugin {
    ListedPlugin {
        name: kind.clone(),
        world: "element-kind".to_owned(),
        place: file.display().to_string(),
        why: "--plugin".to_owned(),
    }
}

fn of_project(app: &App, project: &ProjectConfig) -> CommandResult<Vec<ListedPlugin>> {
    let finder = app.component_finder(&project.directory)?;
    let (plugins, references) = super::plugins_of(project)?;
    let mut listed: Vec<ListedPlugin> = project.local_plugins.iter().map(local_plugin).collect();
    for plugin in &plugins {
        let why = plugin.position.as_ref().map_or_else(|| "project.conf".to_owned(), ToString::to_string);
        listed.push(locked(&finder, plugin.name.as_str(), &plugin.reference, why));
    }
    let chosen = references.iter().filter(|one| !plugins.iter().any(|plugin| plugin.reference == **one));
    listed
        .extend(chosen.map(|reference| locked(&finder, "", reference, "chosen in project.conf".to_owned())));
    Ok(listed)
}

fn local_plugin((kind, file): &(String, PathBuf)) -> ListedPlugin {
    let missing = if file.is_file() { "" } else { " (missing)" };
    ListedPlugin {
        name: kind.clone(),
        world: "element-kind".to_owned(),
        place: format!("{}{missing}", file.display()),
        why: "plugins: of project.conf".to_owned(),
    }
}

/// A plugin that the lock knows, or should know.
fn locked(finder: &ComponentFinder, name: &str, reference: &PluginReference, why: String) -> ListedPlugin {
    let entry = finder.lock().plugins.get(reference);
    let state = match (entry, finder.place(reference)) {
        (None, _) => "not locked".to_owned(),
        (Some(_), Ok(Some(place))) => place.as_str().to_owned(),
        (Some(_), Ok(None)) => "not fetched".to_owned(),
        (Some(_), Err(error)) => error.to_string(),
    };
    let own_name =
        || entry.and_then(|entry| entry.name.as_ref()).map_or_else(String::new, ToString::to_string);
    ListedPlugin {
        name: if name.is_empty() { own_name() } else { name.to_owned() },
        world: entry.map_or_else(|| "?".to_owned(), |entry| entry.world.to_string()),
        place: format!("{reference} ({state})"),
        why,
    }
}

fn embedded() -> Vec<ListedPlugin> {
    let all = |world: &'static str, names: Vec<&'static str>| {
        names.into_iter().map(move |name| ListedPlugin {
            name: name.to_owned(),
            world: world.to_owned(),
            place: "this program".to_owned(),
            why: "part of the program".to_owned(),
        })
    };
    let kinds = all("element-kind", default_kinds().collect());
    let overlays = all("overlay-policy", overlay_policies().collect());
    kinds.chain(overlays).chain(all("priming-policy", priming_policies().collect())).collect()
}

impl ListedPlugin {
    fn json(&self) -> Value {
        json!({ "name": self.name, "world": self.world, "place": self.place, "why": self.why })
    }
}

fn table(listed: &[ListedPlugin]) -> String {
    let width = |cell: fn(&ListedPlugin) -> &str| {
        listed.iter().map(|one| cell(one).chars().count()).max().unwrap_or(0)
    };
    let (worlds, names, places) = (width(|one| &one.world), width(|one| &one.name), width(|one| &one.place));
    let row = |one: &ListedPlugin| {
        let ListedPlugin { name, world, place, why } = one;
        format!("{world:worlds$} {name:names$} {place:places$} {why}\n")
    };
    listed.iter().map(row).collect()
}
