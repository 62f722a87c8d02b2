//! The parts of an element: sections of the project, the kind and the element, composed and expanded.

use std::sync::{Arc, OnceLock};

use spec_model::{Mapping, Node, NodeError, NodeKind};
use spec_strategy::{Configured, DependencyFacts, ElementInput};

use super::Dependency;
use super::base_variables::{ELEMENT_NAME, PROTECTED};
use super::kinds::{ProjectKind, SPLIT_RULES, refused};
use super::shared_section::{SharedSection, WrittenSection};
use crate::LoadError;
use crate::compose::{assert_composed, compose, is_directive, set_keeping_position};
use crate::config::ProjectDefaults;
use crate::loaded_element::{LoadedDependency, LoadedElement};
use crate::variables::Variables;

/// The mappings from which the parts of an element are composed.
pub(super) struct ElementParts<'e> {
    pub(super) loaded: &'e LoadedElement,
    pub(super) kind: Arc<ProjectKind>,
    pub(super) variables: Variables,
}

impl ElementParts<'_> {
    /// The `config` of the kind and the element, composed, without variables expanded.
    pub(super) fn written_config(&self) -> Result<Arc<Mapping>, NodeError> {
        let shared = &self.kind.sections.config;
        let of_kind = match shared.get() {
            Some(of_kind) => of_kind,
            None => {
                let section = self.kind.section("config", &Mapping::new())?;
                shared.get_or_init(|| Arc::new(section))
            }
        };
        let Some(own) = self.loaded.node.opt_mapping("config")? else {
            return Ok(Arc::clone(of_kind));
        };
        let mut section = Mapping::clone(of_kind);
        compose(own, &mut section)?;
        section.shrink_to_fit();
        Ok(Arc::new(section))
    }

    /// A section of the project, the kind and the element. Few elements add something to it.
    pub(super) fn written_section(
        &self,
        name: &str,
        project: &Mapping,
        shared: &OnceLock<Arc<SharedSection>>,
    ) -> Result<WrittenSection, NodeError> {
        let shared = match shared.get() {
            Some(shared) => shared,
            None => {
                let section = SharedSection::new(self.kind.section(name, project)?);
                shared.get_or_init(|| Arc::new(section))
            }
        };
        Ok(WrittenSection::new(Arc::clone(shared), self.loaded.node.opt_shared_mapping(name)?))
    }

    /// The element's public data. From the project and the kind it takes only the split rules.
    pub(super) fn public(&self) -> Result<Arc<Mapping>, NodeError> {
        let Some(own) = self.loaded.node.opt_mapping("public")? else {
            return self.kind.public.expand(&self.variables);
        };
        let mut public = own.clone();
        let mut domain = public.opt_mapping("bst")?.cloned().unwrap_or_default();
        let splits = match domain.opt_mapping(SPLIT_RULES)? {
            Some(own) => Arc::new(self.kind.splits.expand_under(own, &self.variables)?),
            None => self.kind.splits.expand(&self.variables)?,
        };
        // They are expanded already; this keeps their place.
        domain.set(SPLIT_RULES, Mapping::new());
        public.set("bst", domain);
        assert_composed(&public)?;
        self.variables.expand(&mut public)?;
        if let Some(NodeKind::Mapping(domain)) = public.get_mut("bst").map(|node| &mut node.kind) {
            Arc::make_mut(domain).set(SPLIT_RULES, splits);
        }
        Ok(Arc::new(public))
    }

    pub(super) fn dependencies(&self, index: &dyn Fn(usize) -> usize) -> Result<Vec<Dependency>, NodeError> {
        let one = |dependency: &LoadedDependency| {
            let declared = &dependency.declared;
            let mut configs: Box<[Mapping]> = declared.configs.as_slice().into();
            configs.iter_mut().try_for_each(|config| self.variables.expand(config))?;
            Ok(Dependency {
                element: index(dependency.element),
                path: Arc::clone(&declared.name),
                build: declared.build,
                runtime: declared.runtime,
                strict: declared.strict,
                configs,
                position: declared.position.clone(),
            })
        };
        // A vector would have room for four.
        Ok(self.loaded.dependencies.iter().map(one).collect::<Result<Box<[_]>, NodeError>>()?.into_vec())
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
    let own = loaded.node.get("variables").map_or(Some(Vec::new()), own_scalars);
    if let (Some(mut own), Some(base)) = (own, kind.variables(project)) {
        own.push((ELEMENT_NAME.into(), Node::text(loaded.name.path())));
        return Ok(Variables::over(base, own)?);
    }
    composed_variables(loaded, kind, project)
}

/// The variables of an element if they can be laid over others as they are.
fn own_scalars(node: &Node) -> Option<Vec<(Arc<str>, Node)>> {
    let NodeKind::Mapping(own) = &node.kind else { return None };
    let one = |(name, node): (&Arc<str>, &Node)| {
        let is_good =
            matches!(node.kind, NodeKind::Scalar(_)) && !is_directive(name) && !PROTECTED.contains(&&**name);
        is_good.then(|| (Arc::clone(name), node.clone()))
    };
    own.entries.iter().map(one).collect()
}

/// The variables of an element where something may be wrong with them.
fn composed_variables(
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
    set_keeping_position(&mut variables, ELEMENT_NAME, loaded.name.path());
    Ok(Variables::new(variables)?)
}
