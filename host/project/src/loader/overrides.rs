//! Overrides: elements, also junctions, that stand for those of subprojects.

use spec_model::{FilePosition, Node};

use super::open_project::{NameTarget, OpenProject};
use super::{Loader, element_file, names, resolve_name};
use crate::LoadError;

/// A name that is still to be followed, and what refers to it.
type PendingName = (String, Option<FilePosition>);

impl OpenProject {
    /// What the junction that leads to this project has in place of an element, which is named from here.
    fn local_override(&self, name: &str) -> Option<&Node> {
        let overrides = &self.parent.as_ref()?.junction.overrides;
        // As in BuildStream: the name as it is, then the names with links in them.
        let through_link = || overrides.iter().find(|(key, _)| self.expand_link(key) == name);
        overrides.get(name).or_else(|| through_link().map(|(_, node)| node))
    }
}

impl Loader<'_> {
    /// The projects above that override an element, the highest last, with the names that stand for it there.
    pub(super) fn overrides_of(&self, project: usize, name: &str) -> Vec<(usize, Node)> {
        let mut found = Vec::new();
        let (mut project, mut name) = (project, name.to_owned());
        while let Some(parent) = &self.projects[project].parent {
            if let Some(node) = self.projects[project].local_override(&name) {
                found.push((parent.project, node.clone()));
            }
            name = format!("{}:{name}", parent.junction.name.path());
            project = parent.project;
        }
        found
    }

    /// The highest project above that overrides an element, with the name that stands for it there.
    pub(super) fn override_of(&self, project: usize, name: &str) -> Option<(usize, Node)> {
        self.overrides_of(project, name).pop()
    }

    /// The project that is used in place of the one behind a junction, if the junction is overridden. Notes that those
    /// with the overridden junctions reach it, too.
    pub(super) fn overriding_project(
        &mut self,
        project: usize,
        junction: &str,
    ) -> Result<Option<usize>, LoadError> {
        let mut overriding = self.overrides_of(project, junction);
        let Some((highest, node)) = overriding.pop() else { return Ok(None) };
        let found = self.find_project(highest, node.as_str()?, node.position.as_ref())?;
        if found != project {
            self.projects[found].other_parents.push(project);
        }
        let others = overriding.into_iter().map(|(project, _)| project);
        self.projects[found].other_parents.extend(others);
        Ok(Some(found))
    }

    /// Reads the links that overrides name, in all projects above, so that their targets are known when an override is
    /// looked for.
    pub(super) fn read_overridden_links(&mut self, project: usize) -> Result<(), LoadError> {
        let mut project = project;
        while let Some(parent) = &self.projects[project].parent {
            let junction = std::rc::Rc::clone(&parent.junction);
            let above = parent.project;
            for (name, node) in &junction.overrides {
                let mut pending: Option<PendingName> = Some((name.clone(), node.position.clone()));
                let mut followed = 0;
                while let Some((name, position)) = pending {
                    pending = self.link_at(project, &name, position.as_ref())?;
                    followed += 1;
                    if followed > super::MAX_LINKS {
                        let message = format!("links lead in a circle from '{name}'");
                        return Err(LoadError::at("circular-reference", position.as_ref(), message));
                    }
                }
            }
            project = above;
        }
        Ok(())
    }

    /// The target of the link with this name, if it is one and its project is loaded.
    fn link_at(
        &mut self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<Option<PendingName>, LoadError> {
        let (owner, junctions, name) = match name.rsplit_once(':') {
            None => (project, None, name),
            Some((junctions, name)) => match self.loaded_project(project, junctions, position)? {
                None => return Ok(None),
                Some(owner) => (owner, Some(junctions), name),
            },
        };
        let name = names::normalize(name);
        if !self.projects[owner].names.contains_key(&name) && !self.is_first(owner, &name, position)? {
            return Ok(None);
        }
        Ok(match self.file(owner, &name, position)? {
            NameTarget::Link(link) => {
                let target = match junctions {
                    Some(junctions) => format!("{junctions}:{}", link.name),
                    None => link.name.clone(),
                };
                Some((target, link.position.clone()))
            }
            _ => None,
        })
    }

    /// Whether the file of an element is a junction or a link. Others are not read before they are needed.
    fn is_first(
        &self,
        project: usize,
        name: &str,
        position: Option<&FilePosition>,
    ) -> Result<bool, LoadError> {
        names::check(name, position)?;
        let open = &self.projects[project];
        let node = element_file::read(&open.files, open.conf.config(), name, position)?;
        Ok(resolve_name::is_first(node.require("kind")?.as_str()?))
    }
}
