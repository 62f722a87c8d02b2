//! Loads element files into a graph whose dependencies are in BuildStream's order.

mod declared;
mod dependency_order;
mod element_file;
mod link;
mod timsort;
mod topological_order;

use std::collections::HashMap;
use std::path::PathBuf;

use spec_model::{ElementName, FilePosition, Mapping, Node};

use crate::LoadError;
use crate::config::{ProjectConfig, ProjectDefaults};
use crate::element_files::element_files;
use crate::include::Includes;
use declared::DeclaredDependency;

const KEYS: [&str; 12] = [
    "kind",
    "description",
    "depends",
    "build-depends",
    "runtime-depends",
    "sources",
    "config",
    "variables",
    "environment",
    "environment-nocache",
    "public",
    "sandbox",
];

/// An element from its file and the options, before the defaults of its kind and the project are composed.
pub(crate) struct LoadedElement {
    pub(crate) name: ElementName,
    pub(crate) kind: String,
    pub(crate) kind_position: Option<FilePosition>,
    /// The rest of the file, without kind and dependencies.
    pub(crate) node: Mapping,
    pub(crate) dependencies: Vec<LoadedDependency>,
}

/// A dependency whose element is known.
pub(crate) struct LoadedDependency {
    /// Its index among the loaded elements.
    pub(crate) element: usize,
    pub(crate) declared: DeclaredDependency,
}

/// The target of a name.
#[derive(Clone)]
enum NameTarget {
    Element(usize),
    /// A link to another name.
    Link {
        target: String,
        position: Option<FilePosition>,
    },
    /// A junction, which only matters when something refers to it.
    Junction,
}

/// Loads elements on demand.
pub(crate) struct Loader<'p> {
    config: &'p ProjectConfig,
    defaults: &'p ProjectDefaults,
    includes: &'p Includes,
    directory: PathBuf,
    elements: Vec<LoadedElement>,
    /// The number of elements whose dependencies were put on the stack.
    expanded: usize,
    names: HashMap<String, NameTarget>,
}

impl<'p> Loader<'p> {
    pub(crate) fn new(
        config: &'p ProjectConfig,
        defaults: &'p ProjectDefaults,
        includes: &'p Includes,
    ) -> Self {
        let directory = config.directory.join(&config.element_path);
        Self {
            config,
            defaults,
            includes,
            directory,
            elements: Vec::new(),
            expanded: 0,
            names: HashMap::new(),
        }
    }

    /// Loads the named targets and all they depend on. Without names: the project's default targets, or all elements
    /// but junctions.
    ///
    /// Returns the elements and the indices of the targets. The dependencies of each element are sorted.
    ///
    /// # Errors
    /// What is wrong with the files, `missing-file` for an element that is not there, `circular-dependency`.
    pub(crate) fn load(mut self, targets: &[String]) -> Result<(Vec<LoadedElement>, Vec<usize>), LoadError> {
        let mut indices = Vec::new();
        let all = targets.is_empty() && self.config.default_targets.is_empty();
        for target in self.target_names(targets) {
            if all && self.is_junction(&target)? {
                continue;
            }
            let index = self.load_with_dependencies(&target)?;
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        let order = topological_order::topological_order(&self.elements, &indices)?;
        dependency_order::sort_dependencies(&mut self.elements, &order);
        Ok((self.elements, indices))
    }

    fn target_names(&self, targets: &[String]) -> Vec<String> {
        if !targets.is_empty() {
            return targets.to_vec();
        }
        if !self.config.default_targets.is_empty() {
            return self.config.default_targets.clone();
        }
        element_files(&self.directory)
    }

    fn is_junction(&mut self, name: &str) -> Result<bool, LoadError> {
        let name = element_file::normalize(name);
        if !self.names.contains_key(&name) {
            let target = self.read(&name, None)?;
            self.names.insert(name.clone(), target);
        }
        Ok(matches!(self.names[&name], NameTarget::Junction))
    }

    /// Loads an element and its dependencies, depth first, with an explicit stack.
    fn load_with_dependencies(&mut self, name: &str) -> Result<usize, LoadError> {
        let top = self.element(name, None)?;
        let mut stack = Vec::new();
        self.expand_new(&mut stack)?;
        while let Some((element, pending)) = stack.last_mut() {
            let (element, Some(declared)) = (*element, pending.next()) else {
                stack.pop();
                continue;
            };
            let index = self.element(&declared.name, declared.position.as_ref())?;
            self.add_dependency(element, index, declared);
            self.expand_new(&mut stack)?;
        }
        Ok(top)
    }

    /// Puts the elements that are new on the stack.
    fn expand_new(
        &mut self,
        stack: &mut Vec<(usize, std::vec::IntoIter<DeclaredDependency>)>,
    ) -> Result<(), LoadError> {
        while self.expanded < self.elements.len() {
            let declared = declared::take_dependencies(&mut self.elements[self.expanded].node)?;
            stack.push((self.expanded, declared.into_iter()));
            self.expanded += 1;
        }
        Ok(())
    }

    fn add_dependency(&mut self, element: usize, on: usize, declared: DeclaredDependency) {
        let dependencies = &mut self.elements[element].dependencies;
        match dependencies.iter_mut().find(|dependency| dependency.element == on) {
            Some(dependency) => dependency.declared.merge(declared),
            None => dependencies.push(LoadedDependency { element: on, declared }),
        }
    }

    /// The index of the element with this name; follows links.
    fn element(&mut self, name: &str, position: Option<&FilePosition>) -> Result<usize, LoadError> {
        let (mut name, mut position) = (name.to_owned(), position.cloned());
        let mut links = Vec::new();
        loop {
            element_file::check_name(&name, position.as_ref())?;
            let normal = element_file::normalize(&name);
            let target = match self.names.get(&normal) {
                Some(target) => target.clone(),
                None => self.read(&normal, position.as_ref())?,
            };
            self.names.insert(normal.clone(), target.clone());
            match target {
                NameTarget::Element(index) => return Ok(index),
                NameTarget::Junction => return Err(junction(&name, position.as_ref())),
                NameTarget::Link { target, position: target_place } => {
                    link::check_circle(&normal, &links, target_place.as_ref())?;
                    links.push(normal);
                    (name, position) = (target, target_place);
                }
            }
        }
    }

    /// Reads the file of an element; `place` is what refers to it.
    fn read(&mut self, name: &str, position: Option<&FilePosition>) -> Result<NameTarget, LoadError> {
        let mut node = element_file::read(self.config, name, position)?;
        let kind = node.require("kind")?.as_str()?.to_owned();
        if kind == "junction" {
            return Ok(NameTarget::Junction);
        }
        if kind == "link" {
            self.defaults.options.resolve_conditionals(&mut node, &[])?;
            let (target, position) = link::target(&node)?;
            return Ok(NameTarget::Link { target, position });
        }
        self.includes.process(&mut node, Some(&self.defaults.options))?;
        node.validate_keys(&KEYS)?;
        node.opt_str("description")?;
        let kind_node = node.remove("kind").unwrap_or_else(|| Node::text(kind));
        let name = ElementName::local(name)
            .map_err(|error| LoadError::at("bad-characters-in-name", position, error.to_string()))?;
        self.elements.push(LoadedElement {
            name,
            kind: kind_node.as_str()?.to_owned(),
            kind_position: kind_node.position,
            node,
            dependencies: Vec::new(),
        });
        Ok(NameTarget::Element(self.elements.len() - 1))
    }
}

fn junction(name: &str, position: Option<&FilePosition>) -> LoadError {
    let message = format!("'{name}' leads into another project, and junctions are not supported yet");
    LoadError::at("junctions-not-supported", position, message)
}
