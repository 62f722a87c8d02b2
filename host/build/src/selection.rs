//! Which artifacts the dependencies of a plan stand for.

use spec_project::{Element, Project, Scope};

/// The elements that are staged for these dependencies of a plan: they and all they need at run time, in staging
/// order, each once (BuildStream's `Element.dependencies(selection)`). Indices that the plan does not have were
/// refused when it was made.
pub(crate) fn staged(project: &Project, element: &Element, dependencies: &[u32]) -> Vec<usize> {
    let direct: Vec<usize> = dependencies
        .iter()
        .filter_map(|index| element.plan_dependencies.get(*index as usize).copied())
        .collect();
    project.scope(&direct, Scope::Run)
}
