//! Finds where the kinds of elements and sources come from, also behind junctions.

use std::rc::Rc;

use spec_model::{FilePosition, Node, NodeError, PluginJunction, PluginOrigin, StatedText};

use super::resolve_name::is_first;
use super::{Loader, MAX_DEPTH};
use crate::LoadError;
use crate::config::{DeclaredOrigin, PluginType, ProjectSettings, folder, package};
use crate::loaded_element::LoadedElement;

/// The search for a plugin through junctions.
struct PluginSearch<'s> {
    of: PluginType,
    kind: &'s str,
    is_first: bool,
    stated: Vec<StatedText>,
    /// The junctions so far, from the project whose element has the kind.
    behind: Vec<PluginJunction>,
}

impl Loader<'_> {
    /// Finds the plugins of a loaded element. As in BuildStream, the projects behind the junctions that have them are loaded
    /// now, and a plugin that no element uses is not looked for.
    ///
    /// # Errors
    /// Why a project behind a junction cannot be loaded; `junction-plugin-not-found` when it does not have the plugin, and
    /// `junction-plugin-load-error` when it takes it from another project that does not.
    pub(crate) fn find_plugins(&mut self, element: &LoadedElement) -> Result<(), LoadError> {
        let is_first = is_first(&element.kind);
        if !is_first {
            self.find_plugin(element.project, PluginType::Element, &element.kind, is_first)?;
        }
        if self.workspaces.get(&element.name.to_string()).is_some() {
            return Ok(());
        }
        // Lists and sources that are malformed are refused when the element is resolved.
        for source in element.node.sequence_or_empty("sources").unwrap_or_default() {
            if let Some(kind) = source.as_mapping().ok().and_then(|source| source.str("kind").ok()) {
                self.find_plugin(element.project, PluginType::Source, kind, is_first)?;
            }
        }
        Ok(())
    }

    fn find_plugin(
        &mut self,
        project: usize,
        of: PluginType,
        kind: &str,
        is_first: bool,
    ) -> Result<(), LoadError> {
        let open = &mut self.projects[project];
        let origins = if is_first { &mut open.first_origins } else { &mut open.origins };
        if origins.of(of).contains_key(kind) {
            return Ok(());
        }
        let mut search = PluginSearch { of, kind, is_first, stated: Vec::new(), behind: Vec::new() };
        let origin = self.follow(project, &mut search)?;
        let open = &mut self.projects[project];
        let origins = if is_first { &mut open.first_origins } else { &mut open.origins };
        origins.of(of).insert(kind.to_owned(), origin);
        Ok(())
    }

    /// Looks for the plugin in a project, and behind the junctions that lead on.
    fn follow(&mut self, project: usize, search: &mut PluginSearch<'_>) -> Result<PluginOrigin, LoadError> {
        let mut project = project;
        loop {
            let settings = self.plugin_settings(project, search);
            let plugins = &settings.defaults.plugins;
            search.stated.extend_from_slice(plugins.stated(search.of, search.kind));
            let files = &self.projects[project].files;
            match plugins.origin(search.of, search.kind) {
                None if search.behind.is_empty() => return Ok(PluginOrigin::Undeclared),
                None => return Err(search.not_found().into()),
                Some(DeclaredOrigin::Package(node)) => {
                    return Ok(package(node, search.behind.first().cloned())?);
                }
                Some(DeclaredOrigin::Folder(path)) => {
                    let stated = std::mem::take(&mut search.stated);
                    return Ok(folder(search.of, search.kind, path, files, stated));
                }
                Some(DeclaredOrigin::Junction(junction)) => {
                    project = self.project_of_plugin(project, junction, search)?;
                }
            }
        }
    }

    /// The settings of a project as far as they are known: those of junctions are needed before all others.
    fn plugin_settings(&self, project: usize, search: &PluginSearch<'_>) -> Rc<ProjectSettings> {
        let open = &self.projects[project];
        Rc::clone(if search.is_first { &open.first_settings } else { open.settings() })
    }

    /// The project behind the junction of a stanza.
    fn project_of_plugin(
        &mut self,
        project: usize,
        node: &Node,
        search: &mut PluginSearch<'_>,
    ) -> Result<usize, LoadError> {
        let (junction, position) = (node.as_str()?, node.position.as_ref());
        if search.behind.len() >= MAX_DEPTH {
            return Err(search.too_deep(position).into());
        }
        let found = self.find_project(project, junction, position)?;
        let open = &self.projects[found];
        let full_name = open.files.junction().map_or_else(|| junction.to_owned(), ToString::to_string);
        search.behind.push(PluginJunction {
            junction: full_name,
            project: open.name().to_owned(),
            position: position.cloned(),
        });
        Ok(found)
    }
}

impl PluginSearch<'_> {
    /// The error that the last project does not declare the plugin.
    fn not_found(&self) -> NodeError {
        let (of, kind) = (self.of.words(), self.kind);
        let missing = |behind: &PluginJunction| {
            let PluginJunction { junction, project, .. } = behind;
            format!("project '{project}' behind the junction '{junction}' does not declare the {of} '{kind}'")
        };
        let [.., last] = self.behind.as_slice() else {
            return NodeError::new("plugin-not-found", None, format!("nobody declares the {of} '{kind}'"));
        };
        let first = &self.behind[0];
        let (reason, message) = match self.behind.len() {
            1 => ("junction-plugin-not-found", format!("the {}", missing(last))),
            _ => {
                let at = last.position.as_ref().map(|position| format!("{position}: ")).unwrap_or_default();
                let message = format!(
                    "the {of} '{kind}' comes from the project '{}' behind the junction '{}': {at}the {}",
                    first.project,
                    first.junction,
                    missing(last)
                );
                ("junction-plugin-load-error", message)
            }
        };
        let hint = format!(
            "take '{kind}' out of this list if it comes from elsewhere, or name a version of the project in {} that has it",
            last.junction
        );
        NodeError::new(reason, first.position.as_ref(), message).with_hint(hint)
    }

    fn too_deep(&self, position: Option<&FilePosition>) -> NodeError {
        let (of, kind) = (self.of.words(), self.kind);
        let message =
            format!("more than {MAX_DEPTH} junctions stand behind each other for the {of} '{kind}'");
        NodeError::new("circular-reference", position, message)
    }
}
