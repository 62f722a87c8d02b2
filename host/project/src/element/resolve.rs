//! Makes elements that can be built from loaded ones.

use std::path::Path;
use std::sync::Arc;

use spec_model::{Mapping, NodeError};
use spec_strategy::{DependencyInput, ElementInput};

use super::first::first_kind;
use super::kinds::KindSections;
use super::parts::{ElementParts, element_variables};
use super::shared_section::{WrittenSection, expanded};
use super::staged_facts::{ElementFacts, ResolvedElements, changed_public};
use super::{Dependency, Element, JUNCTION, ProjectKinds, SandboxConfig, SourceConfig, source};
use crate::LoadError;
use crate::config::{PluginOrigins, ProjectSettings};
use crate::junction::Junction;
use crate::loaded_element::LoadedElement;
use crate::project_refs::RefFiles;
use crate::variables::Variable;
use crate::workspaces::Workspaces;

/// Resolves the elements of one project.
pub(crate) struct ElementResolver<'p> {
    /// The name of the project.
    pub(crate) project: Arc<str>,
    /// The index of the project among the subprojects.
    pub(crate) subproject: Option<usize>,
    /// The settings without files of subprojects, which junctions have.
    pub(crate) first_settings: &'p ProjectSettings,
    pub(crate) settings: &'p ProjectSettings,
    /// Where the kinds of the sources of junctions come from, and those of other elements.
    pub(crate) first_origins: &'p PluginOrigins,
    pub(crate) origins: &'p PluginOrigins,
    pub(crate) refs: RefFiles,
    pub(crate) junction_refs: RefFiles,
    pub(crate) kinds: ProjectKinds<'p>,
    /// The workspaces of the top-level project, and its folder.
    pub(crate) workspaces: (&'p Workspaces, &'p Path),
}

impl ElementResolver<'_> {
    /// Resolves an element after all that it depends on; `index` gives the index of a loaded element among the resolved
    /// ones.
    ///
    /// # Errors
    /// What is wrong with its settings, or why its kind refuses it.
    pub(crate) fn resolve(
        &self,
        loaded: &LoadedElement,
        resolved: ResolvedElements<'_>,
        index: &dyn Fn(usize) -> usize,
    ) -> Result<Element, LoadError> {
        let name = loaded.name.to_string();
        let is_junction = *loaded.kind == *JUNCTION;
        let (kind, settings, origins, refs) = if is_junction {
            let kind = first_kind(&loaded.kind, self.first_settings)?;
            (kind, self.first_settings, self.first_origins, &self.junction_refs)
        } else {
            let kind = self.kinds.get(&loaded.kind, &name, loaded.kind_position.as_ref())?;
            (kind, self.settings, self.origins, &self.refs)
        };
        if is_junction {
            source::check_provenance(loaded, &self.settings.config)?;
        }
        let variables = element_variables(loaded, &kind, &settings.defaults)?;
        let all_variables = if is_junction { variables.resolvable() } else { variables.values()? };
        let element = ElementParts { loaded, kind, variables };
        let none = Mapping::new();
        let base = |of_project| if is_junction { &none } else { of_project };
        let KindSections { environment, sandbox, .. } = &element.kind.sections;
        let environment =
            element.written_section("environment", base(&settings.defaults.environment), environment)?;
        environment.expand(&element.variables)?;
        let sandbox = element.written_section("sandbox", base(&settings.defaults.sandbox), sandbox)?;
        let sandbox_config = sandbox_config(&element, &sandbox)?;
        let written_config = element.written_config()?;
        let config = expanded(Mapping::clone(&written_config), &element.variables)?;
        if is_junction {
            Junction::new(&loaded.name, &config)?;
        }
        let dependencies = element.dependencies(index)?;
        let (workspaces, toplevel) = self.workspaces;
        let workspace = workspaces.get(&name).map(|workspace| workspace.folder(toplevel));
        let sources = match &workspace {
            Some(folder) => vec![SourceConfig::of_workspace(folder)],
            None => source::sources(&element, settings, origins, refs)?,
        };
        let input = ElementInput {
            name,
            project: self.project.to_string(),
            config,
            variables: sorted(all_variables),
            dependencies: dependencies.iter().flat_map(inputs).collect(),
            sources: sources.iter().map(|source| source.kind.clone()).collect(),
        };
        let plan_dependencies: Box<[usize]> =
            dependencies.iter().flat_map(|d| inputs(d).map(|_| d.element)).collect();
        let public = element.public()?;
        let facts = ElementFacts { resolved, dependencies: &plan_dependencies, public: &public };
        let configured = element.configure(&input, &facts)?;
        let changed_public = changed_public(&public, &configured.public_data);
        Ok(Element {
            name: loaded.name.clone(),
            project: Arc::clone(&self.project),
            subproject: self.subproject,
            kind: Arc::clone(&loaded.kind),
            kind_description: Arc::clone(&element.kind.description),
            description: loaded.node.opt_str("description")?.unwrap_or_default().to_owned(),
            variables: element.variables.written(),
            environment_nocache: self.environment_nocache(&element)?,
            public,
            changed_public,
            sandbox: sandbox_config,
            written_config,
            sources,
            workspace,
            dependencies,
            plan_dependencies,
            configured,
            position: loaded.node.position.clone(),
            written_environment: environment,
            written_sandbox: sandbox,
        })
    }

    fn environment_nocache(&self, element: &ElementParts<'_>) -> Result<Arc<[String]>, NodeError> {
        let shared = &element.kind.sections.environment_nocache;
        let of_kind = match shared.get() {
            Some(names) => names,
            None => {
                let mut names = match element.kind.is_first {
                    true => Vec::new(),
                    false => self.settings.defaults.environment_nocache.clone(),
                };
                names.extend(element.kind.defaults.str_list_or_empty("environment-nocache")?);
                shared.get_or_init(|| sorted_names(names))
            }
        };
        let own = element.loaded.node.str_list_or_empty("environment-nocache")?;
        match own.is_empty() {
            true => Ok(Arc::clone(of_kind)),
            false => Ok(sorted_names(of_kind.iter().cloned().chain(own).collect())),
        }
    }
}

/// The settings of the sandbox, shared with other elements of the kind where they are the same.
fn sandbox_config(
    element: &ElementParts<'_>,
    section: &WrittenSection,
) -> Result<Arc<SandboxConfig>, NodeError> {
    let config = SandboxConfig::new(&*section.expand(&element.variables)?)?;
    let first = element.kind.sections.sandbox_config.get_or_init(|| Arc::new(config.clone()));
    Ok(if **first == config { Arc::clone(first) } else { Arc::new(config) })
}

/// Names in order, each once.
fn sorted_names(mut names: Vec<String>) -> Arc<[String]> {
    names.sort_unstable();
    names.dedup();
    names.into()
}

/// A dependency as its kind sees it: once for each configuration, or once.
fn inputs(dependency: &Dependency) -> impl Iterator<Item = DependencyInput> {
    let input = |config| DependencyInput {
        path: dependency.path.to_string(),
        build: dependency.build,
        runtime: dependency.runtime,
        config,
    };
    let bare = dependency.configs.is_empty().then(|| input(None));
    bare.into_iter().chain(dependency.configs.iter().cloned().map(move |config| input(Some(config))))
}

fn sorted(mut variables: Vec<Variable>) -> Vec<Variable> {
    variables.sort_unstable();
    variables
}
