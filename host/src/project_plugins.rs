//! The plugins that a project names and refers to, as files of this machine.

use std::path::{Path, PathBuf};

use spec_plugin_package::{
    ComponentFinder, ComponentStore, NetworkOptions, PluginReference, PluginWorld, project_plugins,
};
use spec_project::ProjectConfig;
use spec_source::HttpOptions;

use crate::app::App;
use crate::error::CommandResult;

impl App {
    /// Finds components for the project in a folder.
    ///
    /// # Errors
    /// When its lock is not valid.
    pub(crate) fn component_finder(&self, project: &Path) -> CommandResult<ComponentFinder> {
        let config = &self.config;
        let http = HttpOptions {
            attempts: config.network_retries.saturating_add(1),
            proxies: config.proxies.clone(),
            netrc: config.netrc.clone(),
            ..HttpOptions::default()
        };
        let logins =
            std::env::var_os("DOCKER_CONFIG").map_or_else(|| config.home.join(".docker"), PathBuf::from);
        let registry_logins = Some(logins.join("config.json"));
        let network = NetworkOptions { offline: self.globals.offline, http, registry_logins };
        let cached = ComponentStore::in_cache(config.cache("plugins/components"));
        Ok(ComponentFinder::new(project, cached, network)?)
    }
}

/// The element kinds of a project: names and components. A path that is not locked may be a kind.
///
/// # Errors
/// When the project's plugins are wrong, or a component cannot be had or is not as the lock says.
pub(crate) fn kinds(app: &App, project: &ProjectConfig) -> CommandResult<Vec<(String, PathBuf)>> {
    let plugins = project_plugins(&project.spec_host_settings)?;
    if plugins.is_empty() {
        return Ok(Vec::new());
    }
    let finder = app.component_finder(&project.directory)?;
    let mut kinds = Vec::new();
    for plugin in plugins {
        let may_be_kind = match finder.lock().plugins.get(&plugin.reference) {
            Some(locked) => locked.world == PluginWorld::ElementKind,
            None => !plugin.reference.is_remote(),
        };
        if may_be_kind {
            kinds.push((plugin.name.to_string(), finder.find(&plugin.reference)?.file));
        }
    }
    Ok(kinds)
}

/// The component of a policy that is a plugin of the project, or is named by a reference; `None` for other names.
///
/// # Errors
/// When it cannot be had, or is not as the lock says.
pub(crate) fn policy(app: &App, project: &ProjectConfig, name: &str) -> CommandResult<Option<PathBuf>> {
    let plugins = project_plugins(&project.spec_host_settings)?;
    let named =
        plugins.into_iter().find(|plugin| plugin.name.as_str() == name).map(|plugin| plugin.reference);
    let reference = match named {
        Some(reference) => reference,
        None if name.contains("://") => name
            .parse::<PluginReference>()
            .map_err(|error| crate::error::CommandError::usage("invalid-reference", error.to_string()))?,
        None => return Ok(None),
    };
    Ok(Some(app.component_finder(&project.directory)?.find(&reference)?.file))
}
