//! A loaded project.

use spec_model::ElementName;
use spec_strategy::KindRegistry;

use crate::LoadError;
use crate::after_dependencies::map_after_dependencies;
use crate::config::{ProjectConfig, find_project};
use crate::dependency_graph::{DependencyGraph, Scope};
use crate::element::{Element, ElementResolver, ProjectKinds, ResolvedElements};
use crate::load_options::LoadOptions;
use crate::loaded_element::{DeclaredDependency, LoadedElement};
use crate::loader::{LoadedTargets, Loader, OpenProject, TOPLEVEL};
use crate::subproject_sources::SubprojectSources;
use crate::workspaces::Workspaces;

/// The kind whose elements stand for what they filter where sources are meant, as in BuildStream.
const FILTER: &str = "filter";

/// A project with the elements that the targets need, and the subprojects that these are in.
#[derive(Debug)]
pub struct Project {
    /// The settings of the whole project.
    pub config: ProjectConfig,
    /// The projects behind its junctions, and behind theirs, each after the one with the junction.
    pub subprojects: Vec<Subproject>,
    /// The open workspaces of the top-level project.
    pub workspaces: Workspaces,
    /// The elements, each after all it depends on, in BuildStream's order (that of `bst show`).
    pub elements: Vec<Element>,
    /// The indices of the targets.
    pub targets: Vec<usize>,
    /// The indices of the elements that were loaded to be left out.
    pub except: Vec<usize>,
    graph: DependencyGraph,
}

/// A project behind a junction.
#[derive(Debug)]
pub struct Subproject {
    /// Its settings.
    pub config: ProjectConfig,
    /// The index of the subproject that has the junction; `None` for the top-level project.
    pub parent: Option<usize>,
}

/// A project whose files are read: the targets and all they need. Kinds have not seen its elements yet.
pub struct UnresolvedProject<'a> {
    loader: Loader<'a>,
    targets: LoadedTargets,
}

impl<'a> UnresolvedProject<'a> {
    /// Reads a project, with subprojects from `sources`.
    ///
    /// # Errors
    /// What is wrong with the project's files, with its place.
    pub fn read(options: &'a LoadOptions, sources: &'a dyn SubprojectSources) -> Result<Self, LoadError> {
        let mut loader = Loader::open(find_project(&options.directory)?, options, sources)?;
        let targets = loader.load()?;
        if !options.only_needed {
            loader.read_settings(TOPLEVEL)?;
        }
        Ok(Self { loader, targets })
    }

    /// The settings of the top-level project.
    #[must_use]
    pub fn config(&self) -> &ProjectConfig {
        &self.loader.projects[TOPLEVEL].settings().config
    }

    /// Resolves the elements, with kinds from `kinds`.
    ///
    /// # Errors
    /// Why a kind refuses an element, or what else is wrong with one.
    pub fn resolve(self, kinds: &dyn KindRegistry) -> Result<Project, LoadError> {
        let Self { mut loader, targets: LoadedTargets { targets, except } } = self;
        let roots: Vec<usize> = targets.iter().chain(&except).copied().collect();
        let order = loaded_graph(&loader.elements, &|old| old).scope(&roots, Scope::All);
        let mut index = vec![0; loader.elements.len()];
        for (new, old) in order.iter().enumerate() {
            index[*old] = new;
        }
        let ordered = in_order(std::mem::take(&mut loader.elements), &order);
        ordered.iter().try_for_each(|element| loader.find_plugins(element))?;
        let new = |old: usize| index[old];
        let graph = loaded_graph(&ordered, &new);
        let elements = resolve(&loader, ordered, &graph, &new, kinds)?;
        loader.check_conflicts()?;
        let workspaces = loader.workspaces.clone();
        let [targets, except] = [targets, except].map(|old| old.into_iter().map(new).collect());
        Ok(Project::new(configs(&loader.projects), workspaces, (elements, graph), targets, except))
    }
}

/// The elements with these indices, in their order.
fn in_order(elements: Vec<LoadedElement>, order: &[usize]) -> Vec<LoadedElement> {
    let mut elements: Vec<Option<LoadedElement>> = elements.into_iter().map(Some).collect();
    order.iter().filter_map(|index| elements[*index].take()).collect()
}

/// Resolves the elements, each after all that it depends on. `index` gives the new index of a dependency.
fn resolve(
    loader: &Loader<'_>,
    loaded: Vec<LoadedElement>,
    graph: &DependencyGraph,
    index: &(dyn Fn(usize) -> usize + Sync),
    kinds: &dyn KindRegistry,
) -> Result<Vec<Element>, LoadError> {
    let resolvers: Vec<_> =
        (0..loader.projects.len()).map(|project| resolver(loader, project, kinds)).collect();
    let below = |element: &LoadedElement| element.dependencies.iter().map(|on| index(on.element)).collect();
    let dependencies: Vec<Vec<usize>> = loaded.iter().map(below).collect();
    // Each is dropped when it is resolved, so that the nodes of all of them are not there twice.
    map_after_dependencies(loaded, &dependencies, |loaded, elements| {
        resolvers[loaded.project].resolve(&loaded, ResolvedElements { elements, graph }, index)
    })
}

fn resolver<'l>(loader: &'l Loader<'_>, project: usize, kinds: &'l dyn KindRegistry) -> ElementResolver<'l> {
    let open = &loader.projects[project];
    ElementResolver {
        project: open.settings().config.name.as_str().into(),
        subproject: project.checked_sub(1),
        first_settings: &open.first_settings,
        settings: open.settings(),
        refs: loader.element_refs(project),
        junction_refs: loader.junction_refs(project),
        first_origins: &open.first_origins,
        origins: &open.origins,
        kinds: ProjectKinds::new(kinds, &open.settings().defaults, &open.origins),
        workspaces: (&loader.workspaces, &loader.projects[TOPLEVEL].files.directory),
    }
}

/// The settings of the top-level project, and of those behind its junctions. Their aliases are the final ones.
fn configs(projects: &[OpenProject]) -> (ProjectConfig, Vec<Subproject>) {
    let mut configs: Vec<ProjectConfig> = Vec::new();
    for open in projects {
        let mut config = open.settings().config.clone();
        if let Some(parent) = &open.parent {
            config.aliases.set_parent(&configs[parent.project].aliases);
        }
        configs.push(config);
    }
    let mut configs = configs.into_iter();
    let toplevel = configs.next().unwrap_or_else(|| projects[TOPLEVEL].conf.config().clone());
    let parents = projects.iter().filter_map(|open| open.parent.as_ref());
    let subprojects = configs
        .zip(parents)
        .map(|(config, parent)| Subproject { config, parent: parent.project.checked_sub(1) })
        .collect();
    (toplevel, subprojects)
}

/// Loads what holds for a whole project, without its elements.
///
/// # Errors
/// What is wrong with project.conf, or with the subprojects that it includes files of.
pub fn load_config(
    options: &LoadOptions,
    sources: &dyn SubprojectSources,
) -> Result<ProjectConfig, LoadError> {
    let mut loader = Loader::open(find_project(&options.directory)?, options, sources)?;
    loader.read_settings(TOPLEVEL)?;
    Ok(loader.projects[TOPLEVEL].settings().config.clone())
}

impl Project {
    fn new(
        (config, subprojects): (ProjectConfig, Vec<Subproject>),
        workspaces: Workspaces,
        (elements, graph): (Vec<Element>, DependencyGraph),
        targets: Vec<usize>,
        except: Vec<usize>,
    ) -> Self {
        Self { config, subprojects, workspaces, elements, targets, except, graph }
    }

    /// The settings of the project that an element belongs to.
    #[must_use]
    pub fn config_of(&self, element: &Element) -> &ProjectConfig {
        element.subproject.map_or(&self.config, |index| &self.subprojects[index].config)
    }

    /// The index of the element with this full name, for which all are looked through.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        let name: ElementName = name.parse().ok()?;
        self.elements.iter().position(|element| element.name == name)
    }

    /// The elements that the given ones need in a scope, each once, in BuildStream's order.
    #[must_use]
    pub fn scope(&self, elements: &[usize], scope: Scope) -> Vec<usize> {
        self.graph.scope(elements, scope)
    }

    /// The elements staged when an element is built: its build dependencies and all they need at run time, in staging
    /// order.
    #[must_use]
    pub fn build_scope(&self, element: usize) -> Vec<usize> {
        self.graph.scope(&[element], Scope::Build)
    }

    /// The element that has the sources which an element stands for: itself, but for a filter what it filters.
    #[must_use]
    pub fn source_element(&self, element: usize) -> usize {
        let mut found = element;
        while *self.elements[found].kind == *FILTER {
            let Some(input) = self.elements[found].dependencies.iter().find(|below| below.build) else {
                break;
            };
            found = input.element;
        }
        found
    }

    /// The elements that directly depend on one, in ascending order.
    #[must_use]
    pub fn dependents(&self, element: usize) -> Vec<usize> {
        let depends = |candidate: &Element| candidate.dependencies.iter().any(|d| d.element == element);
        (element + 1..self.elements.len()).filter(|index| depends(&self.elements[*index])).collect()
    }
}

/// Who depends on whom. `index` gives the index in the graph of a dependency.
fn loaded_graph(loaded: &[LoadedElement], index: &dyn Fn(usize) -> usize) -> DependencyGraph {
    let mut graph = DependencyGraph::default();
    for element in loaded {
        let needed = |is: fn(&DeclaredDependency) -> bool| {
            let needed = element.dependencies.iter().filter(move |below| is(&below.declared));
            needed.map(|below| index(below.element))
        };
        graph.add(needed(|declared| declared.build), needed(|declared| declared.runtime));
    }
    graph
}
