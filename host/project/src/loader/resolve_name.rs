//! Finds the element that a name stands for: through junctions, links and overrides.

use std::rc::Rc;

use spec_model::{ElementName, FilePosition, Node};

use super::open_project::{LinkTarget, NameTarget};
use super::{Loader, element_file, link, names};
use crate::LoadError;
use crate::loaded_element::LoadedElement;

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

/// What a name stands for.
pub(super) enum ResolvedName {
    /// A loaded element.
    Element(usize),
    /// A junction.
    Junction {
        junction: Rc<LoadedElement>,
        /// Whether another junction, a link or an override led to it. As in BuildStream, elements may depend on such a junction.
        is_indirect: bool,
    },
}

/// The kinds of elements through which subprojects are found. They have the settings without files of subprojects.
pub(super) fn is_first(kind: &str) -> bool {
    matches!(kind, "junction" | "link")
}

impl Loader<'_> {
    /// The element that a name stands for in a project; follows links and overrides. `position` is what refers to it.
    pub(super) fn element(
        &mut self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<ResolvedName, LoadError> {
        let mut position = position.cloned();
        let own = project;
        let (mut project, mut name) = self.project_of_name(project, name, position.as_ref())?;
        let is_own = project == own;
        let mut followed: Vec<(usize, String)> = Vec::new();
        loop {
            let target = self.file(project, &name, position.as_ref())?;
            if let NameTarget::Element(index) = target {
                return Ok(ResolvedName::Element(index));
            }
            let next = match (self.override_of(project, &name), target) {
                (Some((overriding, node)), _) => (overriding, node.as_str()?.to_owned(), node.position),
                (None, NameTarget::Link(link)) => (project, link.name.clone(), link.position.clone()),
                (None, NameTarget::Junction(junction)) => {
                    let is_indirect = !is_own || !followed.is_empty();
                    return Ok(ResolvedName::Junction { junction, is_indirect });
                }
                (None, NameTarget::Element(index)) => return Ok(ResolvedName::Element(index)),
                (None, NameTarget::Unused(element)) => {
                    let index = self.add(Rc::unwrap_or_clone(element));
                    self.projects[project].names.insert(name, NameTarget::Element(index));
                    return Ok(ResolvedName::Element(index));
                }
            };
            link::check_circle(&followed, (project, &name), position.as_ref())?;
            followed.push((project, name));
            position = next.2;
            (project, name) = self.project_of_name(next.0, &next.1, position.as_ref())?;
        }
    }

    /// Splits a name into the project that it leads to and the name of the element there.
    pub(super) fn project_of_name(
        &mut self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<(usize, String), LoadError> {
        let (project, name) = match name.rsplit_once(':') {
            None => (project, name),
            Some((junctions, name)) => (self.find_project(project, junctions, position)?, name),
        };
        Ok((project, names::normalize(name)))
    }

    /// What the file of an element of a project is. The file is read when this is not known.
    pub(super) fn file(
        &mut self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<NameTarget, LoadError> {
        if let Some(known) = self.projects[project].names.get(name) {
            return Ok(known.clone());
        }
        let target = self.read(project, name, position)?;
        self.projects[project].names.insert(name.to_owned(), target.clone());
        if let NameTarget::Link(link) = &target {
            self.note_link(project, name, &link.name);
        }
        Ok(target)
    }

    /// Reads the file of an element.
    fn read(
        &mut self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<NameTarget, LoadError> {
        names::check(name, position)?;
        let open = &self.projects[project];
        let mut node = element_file::read(&open.files, open.conf.config(), name, position)?;
        let kind = node.require("kind")?.as_str()?.to_owned();
        if is_first(&kind) {
            open.first_settings.defaults.options.resolve_conditionals(&mut node, &[])?;
        } else {
            self.read_settings(project)?;
            self.process_includes(project, &mut node)?;
        }
        node.validate_keys(&KEYS)?;
        node.opt_str("description")?;
        let kind_node = node.remove("kind").unwrap_or_else(|| Node::text(kind));
        let loaded = LoadedElement {
            name: self.full_name(project, name, position)?,
            project,
            kind: kind_node.shared_str()?,
            kind_position: kind_node.position,
            node,
            dependencies: Vec::new(),
        };
        Ok(match &*loaded.kind {
            "junction" => NameTarget::Junction(Rc::new(loaded)),
            "link" => {
                let (name, position) = link::target(&loaded, &self.projects[project].first_settings)?;
                NameTarget::Link(Rc::new(LinkTarget { name, position }))
            }
            _ => NameTarget::Unused(Rc::new(loaded)),
        })
    }

    fn full_name(
        &self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<ElementName, LoadError> {
        let full = match &self.projects[project].parent {
            None => ElementName::local(name),
            Some(parent) => ElementName::behind(&parent.junction.name, name),
        };
        full.map_err(|error| LoadError::at("bad-characters-in-name", position, error.to_string()))
    }
}
