//! Which elements a command means.

use std::collections::HashSet;

use spec_project::{Project, Scope};

use super::Session;
use crate::cli::Deps;
use crate::error::{CommandError, CommandResult};

impl Session {
    /// The session's targets with the dependencies that were asked for, dependencies first, without `except` and what
    /// only these need. Targets alone stay in the order of the command.
    ///
    /// # Errors
    /// `missing-file` when `except` names an element that is not there.
    pub(crate) fn select(&self, deps: Deps, except: &[String]) -> CommandResult<Vec<usize>> {
        let selected = selection(&self.project, &self.project.targets, deps);
        if except.is_empty() {
            return Ok(selected);
        }
        let mut without = HashSet::new();
        for name in except {
            let unknown =
                || CommandError::usage("missing-file", format!("--except: there is no element '{name}'"));
            without.insert(self.project.index(name).ok_or_else(unknown)?);
        }
        let kept = keep(&self.project, deps, &without);
        Ok(selected.into_iter().filter(|element| kept.contains(element)).collect())
    }
}

/// Elements with the dependencies that were asked for, dependencies first; elements alone in their order.
pub(crate) fn selection(project: &Project, elements: &[usize], deps: Deps) -> Vec<usize> {
    match deps {
        Deps::None => {
            let mut seen = HashSet::new();
            elements.iter().copied().filter(|element| seen.insert(*element)).collect()
        }
        Deps::Run => project.scope(elements, Scope::Run),
        Deps::Build => project.scope(elements, Scope::Build),
        Deps::All => project.scope(elements, Scope::All),
    }
}

/// What is reached from the targets without going through `without`.
fn keep(project: &Project, deps: Deps, without: &HashSet<usize>) -> HashSet<usize> {
    let mut kept = HashSet::new();
    let mut open: Vec<usize> = project.targets.clone();
    while let Some(element) = open.pop() {
        if without.contains(&element) || !kept.insert(element) {
            continue;
        }
        let wanted = project.elements[element].dependencies.iter().filter(|dependency| match deps {
            Deps::None => false,
            Deps::Run => dependency.runtime,
            Deps::Build | Deps::All => true,
        });
        open.extend(wanted.map(|dependency| dependency.element));
    }
    kept
}
