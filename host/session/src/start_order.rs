//! The order in which the jobs of elements start.

use spec_project::Project;

/// By element, its place in BuildStream's order of starts: those that most builds wait for in a row come first (`_Planner` in its pipeline).
pub(crate) fn start_order(project: &Project) -> Vec<usize> {
    let depths = depths(project);
    let mut elements = post_order(project);
    elements.sort_by_key(|element| std::cmp::Reverse(depths[*element]));
    let mut places = vec![0; elements.len()];
    for (place, element) in elements.into_iter().enumerate() {
        places[element] = place;
    }
    places
}

/// By element, the most builds that come one after the other before nothing waits for it any more. Elements come after all they depend on.
fn depths(project: &Project) -> Vec<usize> {
    let mut depths = vec![0; project.elements.len()];
    for (index, element) in project.elements.iter().enumerate().rev() {
        for dependency in &element.dependencies {
            let depth = depths[index] + usize::from(dependency.build);
            depths[dependency.element] = depths[dependency.element].max(depth);
        }
    }
    depths
}

/// All elements, each after what it needs at run time and then what it is built with, from the targets on.
fn post_order(project: &Project) -> Vec<usize> {
    let mut seen = vec![false; project.elements.len()];
    let mut order = Vec::with_capacity(seen.len());
    for root in project.targets.iter().copied().chain(0..project.elements.len()) {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        let mut stack = vec![(root, below(project, root))];
        while let Some((element, pending)) = stack.last_mut() {
            match pending.next() {
                Some(next) if std::mem::replace(&mut seen[next], true) => {}
                Some(next) => stack.push((next, below(project, next))),
                None => {
                    order.push(*element);
                    stack.pop();
                }
            }
        }
    }
    order
}

/// Direct dependencies: those at run time, then those of the build.
fn below(project: &Project, element: usize) -> std::vec::IntoIter<usize> {
    let dependencies = &project.elements[element].dependencies;
    let runtime = dependencies.iter().filter(|dependency| dependency.runtime);
    let build = dependencies.iter().filter(|dependency| dependency.build);
    runtime.chain(build).map(|dependency| dependency.element).collect::<Vec<_>>().into_iter()
}
