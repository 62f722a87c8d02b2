//! The parts of an element: sections of the project, the kind and the element, composed and expanded.

use std::sync::Arc;

use spec_model::{Mapping, NodeError};
use spec_strategy::{Configured, DependencyFacts, ElementInput};

use super::Dependency;
use super::kinds::{ProjectKind, refused};
use super::shared_splits::SPLIT_RULES;
use crate::LoadError;
use crate::compose::{assert_composed, compose, set_keeping_position};
use crate::config::ProjectDefaults;
use crate::loaded_element::{LoadedDependency, LoadedElement};
use crate::variables::Variables;

/// The variables that elements and projects cannot set.
const PROTECTED: [&str; 3] = ["project-name", "element-name", "max-jobs"];

/// The mappings from which the parts of an element are composed.
pub(super) struct ElementParts<'e> {
    pub(super) loaded: &'e LoadedElement,
    pub(super) kind: Arc<ProjectKind>,
    pub(super) variables: Variables,
}

impl ElementParts<'_> {
    /// A section of the project, the kind and the element, composed and expanded.
    pub(super) fn section(&self, name: &str, project: &Mapping) -> Result<Mapping, NodeError> {
        let mut section = project.clone();
        for layer in [&self.kind.defaults, &self.loaded.node] {
            if let Some(layer) = layer.opt_mapping(name)? {
                compose(layer, &mut section)?;
            }
        }
        assert_composed(&section)?;
        self.variables.expand(&mut section)?;
        Ok(section)
    }

    /// The element's public data. From the project and the kind it takes only the split rules.
    pub(super) fn public(&self) -> Result<Mapping, NodeError> {
        let mut public = self.loaded.node.opt_mapping("public")?.cloned().unwrap_or_default();
        let mut domain = public.opt_mapping("bst")?.cloned().unwrap_or_default();
        let own = domain.opt_mapping(SPLIT_RULES)?;
        let shared = own.is_none().then(|| self.kind.splits.expand(&self.variables)).transpose()?;
        if let Some(own) = own {
            let mut splits = self.kind.splits.rules().clone();
            compose(own, &mut splits)?;
            domain.set(SPLIT_RULES, splits);
        }
        public.set("bst", domain);
        assert_composed(&public)?;
        self.variables.expand(&mut public)?;
        if let Some(splits) = shared {
            let mut domain = public.require("bst")?.as_mapping()?.clone();
            domain.set(SPLIT_RULES, splits);
            public.set("bst", domain);
        }
        Ok(public)
    }

    pub(super) fn dependencies(&self, index: &dyn Fn(usize) -> usize) -> Result<Vec<Dependency>, NodeError> {
        let one = |dependency: &LoadedDependency| {
            let declared = &dependency.declared;
            let mut configs = declared.configs.clone();
            configs.iter_mut().try_for_each(|config| self.variables.expand(config))?;
            Ok(Dependency {
                element: index(dependency.element),
                path: declared.name.clone(),
                build: declared.build,
                runtime: declared.runtime,
                strict: declared.strict,
                configs,
                position: declared.position.clone(),
            })
        };
        self.loaded.dependencies.iter().map(one).collect()
    }

    /// Calls the kind, after checking that the element has nothing that the kind forbids.
    pub(super) fn configure(
        &self,
        input: &ElementInput,
        facts: &dyn DependencyFacts,
    ) -> Result<Configured, LoadError> {
        let forbids = self.kind.description.forbids;
        let build = input.dependencies.iter().any(|dependency| dependency.build);
        let runtime = input.dependencies.iter().any(|dependency| dependency.runtime);
        let both = forbids.build_dependencies && forbids.runtime_dependencies;
        let problem = if both && (build || runtime) {
            Some(("element-forbidden-depends", "dependencies"))
        } else if forbids.runtime_dependencies && runtime {
            Some(("element-forbidden-rdepends", "runtime dependencies"))
        } else if forbids.build_dependencies && build {
            Some(("element-forbidden-bdepends", "build dependencies"))
        } else if forbids.sources && !input.sources.is_empty() {
            Some(("element-forbidden-sources", "sources"))
        } else {
            None
        };
        let position = self.loaded.kind_position.as_ref();
        if let Some((reason, what)) = problem {
            let message =
                format!("{}: elements of kind '{}' cannot have {what}", input.name, self.loaded.kind);
            return Err(LoadError::at(reason, position, message));
        }
        self.kind.behaviour.configure(input, facts).map_err(|source| refused(&input.name, position, source))
    }
}

/// The variables of an element: the project's, its kind's and its own.
pub(super) fn element_variables(
    loaded: &LoadedElement,
    kind: &ProjectKind,
    project: &ProjectDefaults,
) -> Result<Variables, LoadError> {
    let mut variables = Mapping::clone(&project.variables);
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
    Ok(Variables::new(variables, &project.texts)?)
}
