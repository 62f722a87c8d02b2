//! The jobs of a session, by BuildStream's rules.
//!
//! The selected elements are required. An element that must be built requires all elements that are staged for its
//! build. A cached element requires nothing.

use std::collections::BTreeSet;

use spec_scheduler::{Graph, Job, Task};

/// The work that an element needs, if it is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequiredWork {
    /// None: it is cached.
    Nothing,
    /// Its cached failure is reported again, by a job that does nothing else.
    ReportFailure,
    /// It must be built; `fetch` when its sources must be fetched first.
    Build {
        /// Whether sources must be fetched first.
        fetch: bool,
    },
}

/// The jobs that make `required`. `work` tells what an element needs, `build_scope` which elements are staged for its
/// build. Elements are numbered so that each comes after all it needs.
pub(crate) fn build_graph(
    required: &[usize],
    work: &dyn Fn(usize) -> RequiredWork,
    build_scope: &dyn Fn(usize) -> Vec<usize>,
) -> Graph {
    let mut graph = Graph::new();
    let mut build_job = std::collections::HashMap::new();
    for (element, scope) in to_build(required, work, build_scope) {
        let mut after: Vec<usize> = scope.iter().filter_map(|below| build_job.get(below).copied()).collect();
        if work(element) == (RequiredWork::Build { fetch: true }) {
            after.push(add(&mut graph, element, Task::Fetch, &[]));
        }
        let job = add(&mut graph, element, Task::Build, &after);
        build_job.insert(element, job);
    }
    graph
}

/// Jobs of one task that wait for nothing.
pub(crate) fn single_task_graph(elements: &[usize], task: Task) -> Graph {
    let mut graph = Graph::new();
    for element in elements {
        add(&mut graph, *element, task, &[]);
    }
    graph
}

/// Adds a job; the jobs of `after` were added before.
pub(crate) fn add(graph: &mut Graph, element: usize, task: Task, after: &[usize]) -> usize {
    graph.add(Job { element, task }, after).expect("it waits only for jobs that were added before")
}

/// The elements to build with what building them needs, dependencies first.
fn to_build(
    required: &[usize],
    work: &dyn Fn(usize) -> RequiredWork,
    build_scope: &dyn Fn(usize) -> Vec<usize>,
) -> Vec<(usize, Vec<usize>)> {
    let mut seen: BTreeSet<usize> = required.iter().copied().collect();
    let mut open: Vec<usize> = required.to_vec();
    let mut elements = Vec::new();
    while let Some(element) = open.pop() {
        let scope = match work(element) {
            RequiredWork::Nothing => continue,
            RequiredWork::ReportFailure => Vec::new(),
            RequiredWork::Build { .. } => build_scope(element),
        };
        open.extend(scope.iter().copied().filter(|below| seen.insert(*below)));
        elements.push((element, scope));
    }
    elements.sort_unstable();
    elements
}

#[cfg(test)]
mod tests;
