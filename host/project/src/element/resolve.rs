//! From a loaded element to one that can be built.

use std::collections::BTreeMap;
use std::sync::Arc;

use spec_model::{Mapping, NodeError, Place};
use spec_strategy::{Configured, DependencyInput, ElementInput};

use super::defaults::{Kind, refused};
use super::{Dependency, Element, Kinds, SandboxConfig, source};
use crate::compose::{assert_composed, compose};
use crate::config::{ProjectConfig, Rules};
use crate::loader::{LoadedDependency, LoadedElement};
use crate::refs::ProjectRefs;
use crate::variables::Variables;
use crate::{LoadError, synthetic};

/// The variables that elements and projects cannot set.
const PROTECTED: [&str; 3] = ["project-name", "element-name", "max-jobs"];

/// Resolves the elements of one project.
pub(crate) struct Resolver<'p> {
    pub(crate) config: &'p ProjectConfig,
    pub(crate) rules: &'p Rules,
    pub(crate) refs: Option<ProjectRefs>,
    pub(crate) kinds: Kinds<'p>,
}

/// What the parts of an element are composed from.
pub(super) struct Composition<'e> {
    pub(super) loaded: &'e LoadedElement,
    pub(super) kind: Arc<Kind>,
    pub(super) variables: Variables,
}

impl Resolver<'_> {
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
        let kind = self.kinds.get(&loaded.kind, &name, loaded.kind_place.as_ref())?;
        let variables = self.variables(loaded, &kind)?;
        let all_variables = variables.all()?;
        let element = Composition { loaded, kind, variables };
        let environment = element.section("environment", &self.rules.environment)?;
        let sandbox = element.section("sandbox", &self.rules.sandbox)?;
        let config = element.section("config", &Mapping::new())?;
        let dependencies = element.dependencies(index)?;
        let sources = source::sources(&element, self.config, self.rules, self.refs.as_ref())?;
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
            place: loaded.node.place.clone(),
            setting_places: setting_places(&[("environment", &environment), ("sandbox", &sandbox)]),
        })
    }

    fn variables(&self, loaded: &LoadedElement, kind: &Kind) -> Result<Variables, LoadError> {
        let mut variables = self.rules.variables.clone();
        for layer in [&kind.defaults, &loaded.node] {
            if let Some(layer) = layer.opt_mapping("variables")? {
                compose(layer, &mut variables)?;
            }
        }
        assert_composed(&variables)?;
        for name in PROTECTED {
            if let Some(place) = variables.get(name).and_then(|node| node.place.as_ref()) {
                let message = format!("the variable '{name}' is set by the program and cannot be redefined");
                return Err(LoadError::at("protected-variable-redefined", Some(place), message));
            }
        }
        synthetic::set(&mut variables, "element-name", loaded.name.path());
        Ok(Variables::new(&variables)?)
    }

    fn environment_nocache(&self, element: &Composition<'_>) -> Result<Vec<String>, NodeError> {
        let mut names = self.rules.environment_nocache.clone();
        names.extend(element.kind.defaults.str_list_or_empty("environment-nocache")?);
        names.extend(element.loaded.node.str_list_or_empty("environment-nocache")?);
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

impl Composition<'_> {
    /// A section of the project, the kind and the element, composed and expanded.
    fn section(&self, name: &str, project: &Mapping) -> Result<Mapping, NodeError> {
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

    /// The element's own public data; of the project and the kind only the split rules count.
    fn public(&self) -> Result<Mapping, NodeError> {
        let mut splits = match split_rules(&self.kind.defaults)? {
            Some(splits) => splits.clone(),
            None => Mapping::new(),
        };
        if let Some(own) = split_rules(&self.loaded.node)? {
            compose(own, &mut splits)?;
        }
        let mut public = self.loaded.node.opt_mapping("public")?.cloned().unwrap_or_default();
        let mut domain = public.opt_mapping("bst")?.cloned().unwrap_or_default();
        domain.set("split-rules", splits);
        public.set("bst", domain);
        assert_composed(&public)?;
        self.variables.expand(&mut public)?;
        Ok(public)
    }

    fn dependencies(&self, index: &dyn Fn(usize) -> usize) -> Result<Vec<Dependency>, NodeError> {
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
                place: declared.place.clone(),
            })
        };
        self.loaded.dependencies.iter().map(one).collect()
    }

    /// Asks the kind, after a check of what elements of the kind may not have.
    fn configure(&self, input: &ElementInput) -> Result<Configured, LoadError> {
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
        let place = self.loaded.kind_place.as_ref();
        if let Some((reason, what)) = problem {
            let message =
                format!("{}: elements of kind '{}' cannot have {what}", input.name, self.loaded.kind);
            return Err(LoadError::at(reason, place, message));
        }
        self.kind.behaviour.configure(input).map_err(|source| refused(&input.name, place, source))
    }
}

fn split_rules(node: &Mapping) -> Result<Option<&Mapping>, NodeError> {
    let public = node.opt_mapping("public")?;
    let domain = public.map_or(Ok(None), |public| public.opt_mapping("bst"))?;
    domain.map_or(Ok(None), |domain| domain.opt_mapping("split-rules"))
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

/// Where the values of sections are written. Those that the program sets are nowhere.
fn setting_places(sections: &[(&'static str, &Mapping)]) -> BTreeMap<(&'static str, String), Place> {
    let mut places = BTreeMap::new();
    for (section, mapping) in sections {
        for (name, node) in &mapping.entries {
            places.extend(node.place.clone().map(|place| ((*section, name.to_string()), place)));
        }
    }
    places
}

/// The entries of a mapping of scalars.
fn texts(mapping: &Mapping) -> Result<Vec<(String, String)>, NodeError> {
    let one =
        |(name, node): (&Arc<str>, &spec_model::Node)| Ok((name.to_string(), node.as_str()?.to_owned()));
    mapping.entries.iter().map(one).collect()
}
