//! Element files to a graph whose dependencies are in BuildStream's order.

mod depends;
pub(crate) mod files;
mod graph;
mod link;
mod sort;
mod timsort;

use std::collections::HashMap;
use std::path::PathBuf;

use spec_model::{ElementName, Mapping, Node, Place};

use crate::LoadError;
use crate::config::{ProjectConfig, Rules};
use crate::include::Includes;
use depends::Declared;

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

/// An element as its file and the options say it, before its kind and the project's defaults are looked at.
pub(crate) struct LoadedElement {
    pub(crate) name: ElementName,
    pub(crate) kind: String,
    pub(crate) kind_place: Option<Place>,
    /// What is left of the file without kind and dependencies.
    pub(crate) node: Mapping,
    pub(crate) dependencies: Vec<LoadedDependency>,
}

/// A dependency whose element is known.
pub(crate) struct LoadedDependency {
    /// Its index among the loaded elements.
    pub(crate) element: usize,
    pub(crate) declared: Declared,
}

/// What a name stands for.
#[derive(Clone)]
enum Named {
    Element(usize),
    /// A link to another name.
    Link {
        target: String,
        place: Option<Place>,
    },
    /// A junction, which only matters when something refers to it.
    Junction,
}

/// Loads elements on demand.
pub(crate) struct Loader<'p> {
    config: &'p ProjectConfig,
    rules: &'p Rules,
    includes: &'p Includes,
    directory: PathBuf,
    elements: Vec<LoadedElement>,
    /// How many of the elements have had their dependencies looked at.
    begun: usize,
    names: HashMap<String, Named>,
}

impl<'p> Loader<'p> {
    pub(crate) fn new(config: &'p ProjectConfig, rules: &'p Rules, includes: &'p Includes) -> Self {
        let directory = config.directory.join(&config.element_path);
        Self { config, rules, includes, directory, elements: Vec::new(), begun: 0, names: HashMap::new() }
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
        let order = graph::order(&self.elements, &indices)?;
        sort::sort_dependencies(&mut self.elements, &order);
        Ok((self.elements, indices))
    }

    fn target_names(&self, targets: &[String]) -> Vec<String> {
        if !targets.is_empty() {
            return targets.to_vec();
        }
        if !self.config.default_targets.is_empty() {
            return self.config.default_targets.clone();
        }
        files::element_files(&self.directory)
    }

    fn is_junction(&mut self, name: &str) -> Result<bool, LoadError> {
        let name = files::normalize(name);
        if !self.names.contains_key(&name) {
            let named = self.read(&name, None)?;
            self.names.insert(name.clone(), named);
        }
        Ok(matches!(self.names[&name], Named::Junction))
    }

    /// Loads an element and what it depends on, depth first, with a stack of our own.
    fn load_with_dependencies(&mut self, name: &str) -> Result<usize, LoadError> {
        let top = self.element(name, None)?;
        let mut stack = Vec::new();
        self.begin_new(&mut stack)?;
        while let Some((element, pending)) = stack.last_mut() {
            let (element, Some(declared)) = (*element, pending.next()) else {
                stack.pop();
                continue;
            };
            let index = self.element(&declared.name, declared.place.as_ref())?;
            self.add_dependency(element, index, declared);
            self.begin_new(&mut stack)?;
        }
        Ok(top)
    }

    /// Puts the elements that are new on the stack.
    fn begin_new(&mut self, stack: &mut Vec<(usize, std::vec::IntoIter<Declared>)>) -> Result<(), LoadError> {
        while self.begun < self.elements.len() {
            let declared = depends::extract(&mut self.elements[self.begun].node)?;
            stack.push((self.begun, declared.into_iter()));
            self.begun += 1;
        }
        Ok(())
    }

    fn add_dependency(&mut self, element: usize, on: usize, declared: Declared) {
        let dependencies = &mut self.elements[element].dependencies;
        match dependencies.iter_mut().find(|dependency| dependency.element == on) {
            Some(dependency) => dependency.declared.merge(declared),
            None => dependencies.push(LoadedDependency { element: on, declared }),
        }
    }

    /// The index of the element that a name stands for, through links.
    fn element(&mut self, name: &str, place: Option<&Place>) -> Result<usize, LoadError> {
        let (mut name, mut place) = (name.to_owned(), place.cloned());
        let mut seen = Vec::new();
        loop {
            files::check_name(&name, place.as_ref())?;
            let normal = files::normalize(&name);
            let named = match self.names.get(&normal) {
                Some(named) => named.clone(),
                None => self.read(&normal, place.as_ref())?,
            };
            self.names.insert(normal.clone(), named.clone());
            match named {
                Named::Element(index) => return Ok(index),
                Named::Junction => return Err(junction(&name, place.as_ref())),
                Named::Link { target, place: target_place } => {
                    link::check_new(&normal, &seen, target_place.as_ref())?;
                    seen.push(normal);
                    (name, place) = (target, target_place);
                }
            }
        }
    }

    /// Reads the file of an element; `place` is what refers to it.
    fn read(&mut self, name: &str, place: Option<&Place>) -> Result<Named, LoadError> {
        let mut node = files::read(self.config, name, place)?;
        let kind = node.require("kind")?.as_str()?.to_owned();
        if kind == "junction" {
            return Ok(Named::Junction);
        }
        if kind == "link" {
            self.rules.options.process(&mut node, &[])?;
            let (target, place) = link::target(&node)?;
            return Ok(Named::Link { target, place });
        }
        self.includes.process(&mut node, Some(&self.rules.options))?;
        node.validate_keys(&KEYS)?;
        node.opt_str("description")?;
        let kind_node = node.remove("kind").unwrap_or_else(|| Node::text(kind));
        let name = ElementName::local(name)
            .map_err(|error| LoadError::at("bad-characters-in-name", place, error.to_string()))?;
        self.elements.push(LoadedElement {
            name,
            kind: kind_node.as_str()?.to_owned(),
            kind_place: kind_node.place,
            node,
            dependencies: Vec::new(),
        });
        Ok(Named::Element(self.elements.len() - 1))
    }
}

fn junction(name: &str, place: Option<&Place>) -> LoadError {
    let message = format!("'{name}' leads into another project, and junctions are not supported yet");
    LoadError::at("junctions-not-supported", place, message)
}
