//! Finds projects that are loaded several times without permission.

use spec_model::Node;

use super::Loader;
use crate::LoadError;

/// The projects that permit another one to be loaded in several instances.
#[derive(Default)]
struct Permissions {
    /// Those that call it a duplicate.
    duplicate: Vec<usize>,
    /// Those that call it internal.
    internal: Vec<usize>,
}

impl Permissions {
    fn is_empty(&self) -> bool {
        self.duplicate.is_empty() && self.internal.is_empty()
    }
}

impl Loader<'_> {
    /// Checks that each project is loaded once, or that those above its instances permit more.
    ///
    /// # Errors
    /// [`LoadError::ConflictingJunction`] with all instances.
    pub(crate) fn check_conflicts(&mut self) -> Result<(), LoadError> {
        let mut names: Vec<String> = Vec::new();
        for project in &self.projects {
            if !names.iter().any(|known| known == project.name()) {
                names.push(project.name().to_owned());
            }
        }
        for name in names {
            let instances: Vec<usize> =
                (0..self.projects.len()).filter(|index| self.projects[*index].name() == name).collect();
            if instances.len() > 1 {
                self.check_instances(&name, &instances)?;
            }
        }
        Ok(())
    }

    fn check_instances(&mut self, name: &str, instances: &[usize]) -> Result<(), LoadError> {
        let mut permissions = Vec::new();
        for instance in instances {
            permissions.push(self.permissions(name, *instance)?);
        }
        let primary = permissions.iter().filter(|permissions| permissions.is_empty()).count();
        let has_duplicates = permissions.iter().any(|permissions| !permissions.duplicate.is_empty());
        if primary > 1 || primary == 1 && has_duplicates {
            let lines =
                instances.iter().zip(&permissions).map(|(instance, found)| self.describe(*instance, found));
            return Err(LoadError::ConflictingJunction {
                project: name.to_owned(),
                instances: lines.collect(),
                position: instances
                    .last()
                    .and_then(|last| self.projects[*last].parent.as_ref()?.position.clone()),
            });
        }
        Ok(())
    }

    fn permissions(&mut self, name: &str, instance: usize) -> Result<Permissions, LoadError> {
        let mut found = Permissions::default();
        for above in self.ancestors(instance) {
            let rules = self.projects[above].conf.junctions.clone();
            if self.leads_to(above, rules.duplicates_of(name), instance)? {
                found.duplicate.push(above);
            }
            if self.leads_to(above, &rules.internal, instance)? {
                found.internal.push(above);
            }
        }
        Ok(found)
    }

    fn leads_to(&mut self, from: usize, junctions: &[Node], instance: usize) -> Result<bool, LoadError> {
        for node in junctions {
            if self.loaded_project(from, node.as_str()?, node.position.as_ref())? == Some(instance) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The projects that reach an instance, the nearest first.
    fn ancestors(&self, instance: usize) -> Vec<usize> {
        let parent = |project: usize| self.projects[project].parent.as_ref().map(|parent| parent.project);
        let mut found = Vec::new();
        let others = self.projects[instance].other_parents.iter().copied();
        for first in parent(instance).into_iter().chain(others) {
            let mut next = Some(first);
            while let Some(project) = next.filter(|project| !found.contains(project)) {
                found.push(project);
                next = parent(project);
            }
        }
        found
    }

    fn describe(&self, instance: usize, permissions: &Permissions) -> String {
        let called = |project: usize| match self.projects[project].files.junction() {
            None => "the top-level project".to_owned(),
            Some(junction) => format!("'{junction}'"),
        };
        let place = self.projects[instance].parent.as_ref().and_then(|parent| parent.position.as_ref());
        let place = place.map(|place| format!(", from {place}")).unwrap_or_default();
        let mut line = format!("{}{place}", called(instance));
        for (what, by) in [("duplicate", &permissions.duplicate), ("internal", &permissions.internal)] {
            for project in by {
                line += &format!("; {what} for {}", called(*project));
            }
        }
        line
    }
}
