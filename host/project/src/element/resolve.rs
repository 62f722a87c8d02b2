//! Makes elements that can be built from loaded ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use spec_model::{FilePosition, Mapping, NodeError};
use spec_strategy::{DependencyInput, ElementInput};

use super::kinds::ProjectKind;
use super::parts::ElementParts;
use super::{Dependency, Element, ProjectKinds, SandboxConfig, source};
use crate::LoadError;
use crate::compose::{assert_composed, compose, set_keeping_position};
use crate::config::{ProjectConfig, ProjectDefaults};
use crate::loader::LoadedElement;
use crate::project_refs::ProjectRefs;
use crate::variables::Variables;

/// The variables that elements and projects cannot set.
const PROTECTED: [&str; 3] = ["project-name", "element-name", "max-jobs"];

/// Resolves the elements of one project.
pub(crate) struct ElementResolver<'p> {
    pub(crate) config: &'p ProjectConfig,
    pub(crate) defaults: &'p ProjectDefaults,
    pub(crate) refs: Option<ProjectRefs>,
    pub(crate) kinds: ProjectKinds<'p>,
}

impl ElementResolver<'_> {
    /// Resolves an element; `index` gives the index of a loaded element among the resolved ones.
    ///
    /// # Errors
    /// What is wrong with its settings, or why its kind refuses it.
    pub(crate) fn resolve(
        &mut self,
        loaded: &LoadedElement,
        index: &dyn Fn(usize) -> usize,
    ) -> Result<Element, LoadError> {
        let name = loaded.name.to_string();
        let kind = self.kinds.get(&loaded.kind, &name, loaded.kind_position.as_ref())?;
        let variables = self.variables(loaded, &kind)?;
        let all_variables = variables.all()?;
        let element = ElementParts { loaded, kind, variables };
        let environment = element.section("environment", &self.defaults.environment)?;
        let sandbox = element.section("sandbox", &self.defaults.sandbox)?;
        let config = element.section("config", &Mapping::new())?;
        let dependencies = element.dependencies(index)?;
        let sources = source::sources(&element, self.config, self.defaults, self.refs.as_ref())?;
        let input = ElementInput {
            name,
            project: self.config.name.clone(),
            config,
            variables: sorted(&all_variables),
            dependencies: dependencies.iter().flat_map(inputs).collect(),
            sources: sources.iter().map(|source| source.kind.clone()).collect(),
        };
        let configured = element.configure(&input)?;
        let plan_dependencies = dependencies.iter().flat_map(|d| inputs(d).map(|_| d.element)).collect();
        Ok(Element {
            name: loaded.name.clone(),
            project: input.project,
            kind: loaded.kind.clone(),
            kind_description: Arc::clone(&element.kind.description),
            description: loaded.node.opt_str("description")?.unwrap_or_default().to_owned(),
            variables: all_variables,
            environment: texts(&environment)?,
            environment_nocache: self.environment_nocache(&element)?,
            public: element.public()?,
            sandbox: SandboxConfig::new(&sandbox)?,
            config: input.config,
            sources,
            dependencies,
            plan_dependencies,
            configured,
            position: loaded.node.position.clone(),
            setting_places: setting_places(&[("environment", &environment), ("sandbox", &sandbox)]),
        })
    }

    fn variables(&self, loaded: &LoadedElement, kind: &ProjectKind) -> Result<Variables, LoadError> {
        let mut variables = self.defaults.variables.clone();
        for layer in [&kind.defaults, &loaded.node] {
            if let Some(layer) = layer.opt_mapping("variables")? {
                compose(layer, &mut variables)?;
            }
        }
        assert_composed(&variables)?;
        for name in PROTECTED {
            if let Some(position) = variables.get(name).and_then(|node| node.position.as_ref()) {
                let message = format!("the variable '{name}' is set by the program and cannot be redefined");
                return Err(LoadError::at("protected-variable-redefined", Some(position), message));
            }
        }
        set_keeping_position(&mut variables, "element-name", loaded.name.path());
        Ok(Variables::new(&variables)?)
    }

    fn environment_nocache(&self, element: &ElementParts<'_>) -> Result<Vec<String>, NodeError> {
        let mut names = self.defaults.environment_nocache.clone();
        names.extend(element.kind.defaults.str_list_or_empty("environment-nocache")?);
        names.extend(element.loaded.node.str_list_or_empty("environment-nocache")?);
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// A dependency as its kind sees it: once for each configuration, or once.
fn inputs(dependency: &Dependency) -> impl Iterator<Item = DependencyInput> {
    let input = |config| DependencyInput {
        path: dependency.path.clone(),
        build: dependency.build,
        runtime: dependency.runtime,
        config,
    };
    let bare = dependency.configs.is_empty().then(|| input(None));
    bare.into_iter().chain(dependency.configs.iter().cloned().map(move |config| input(Some(config))))
}

fn sorted(entries: &[(String, String)]) -> Vec<(String, String)> {
    let mut entries = entries.to_vec();
    entries.sort_unstable();
    entries
}

/// The places of the values of sections. Values set by the program have none.
fn setting_places(sections: &[(&'static str, &Mapping)]) -> BTreeMap<(&'static str, String), FilePosition> {
    let mut positions = BTreeMap::new();
    for (section, mapping) in sections {
        for (name, node) in &mapping.entries {
            positions.extend(node.position.clone().map(|position| ((*section, name.to_string()), position)));
        }
    }
    positions
}

/// The entries of a mapping of scalars.
fn texts(mapping: &Mapping) -> Result<Vec<(String, String)>, NodeError> {
    let one =
        |(name, node): (&Arc<str>, &spec_model::Node)| Ok((name.to_string(), node.as_str()?.to_owned()));
    mapping.entries.iter().map(one).collect()
}
