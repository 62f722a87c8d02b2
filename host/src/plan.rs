//! From what was asked for to jobs: BuildStream's rules of which elements a session needs.
//!
//! The elements that were asked for are required. One that must be built requires all that is there when it is built.
//! What is cached requires nothing.

use std::collections::BTreeSet;

use spec_scheduler::{Graph, Job, Task};

/// How an element stands, as far as planning is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It is cached.
    Nothing,
    /// It failed before and is not to be tried again: a job tells so and does nothing.
    Verdict,
    /// It must be built; `fetch` when its sources must be fetched first.
    Build {
        /// Whether sources must be fetched first.
        fetch: bool,
    },
}

/// The jobs that make `required`: `need` tells how an element stands, `build_scope` what building it needs. Elements
/// are numbered so that each comes after all it needs.
pub(crate) fn build_jobs(
    required: &[usize],
    need: &dyn Fn(usize) -> Need,
    build_scope: &dyn Fn(usize) -> Vec<usize>,
) -> Graph {
    let mut graph = Graph::new();
    let mut build_job = std::collections::HashMap::new();
    for (element, scope) in to_build(required, need, build_scope) {
        let mut after: Vec<usize> = scope.iter().filter_map(|below| build_job.get(below).copied()).collect();
        if need(element) == (Need::Build { fetch: true }) {
            after.push(add(&mut graph, element, Task::Fetch, &[]));
        }
        let job = add(&mut graph, element, Task::Build, &after);
        build_job.insert(element, job);
    }
    graph
}

/// Jobs of one task that wait for nothing.
pub(crate) fn single_jobs(elements: &[usize], task: Task) -> Graph {
    let mut graph = Graph::new();
    for element in elements {
        add(&mut graph, *element, task, &[]);
    }
    graph
}

fn add(graph: &mut Graph, element: usize, task: Task, after: &[usize]) -> usize {
    graph.add(Job { element, task }, after).expect("it waits only for jobs that were added before")
}

/// The elements to build with what building them needs, dependencies first.
fn to_build(
    required: &[usize],
    need: &dyn Fn(usize) -> Need,
    build_scope: &dyn Fn(usize) -> Vec<usize>,
) -> Vec<(usize, Vec<usize>)> {
    let mut seen: BTreeSet<usize> = required.iter().copied().collect();
    let mut open: Vec<usize> = required.to_vec();
    let mut found = Vec::new();
    while let Some(element) = open.pop() {
        let scope = match need(element) {
            Need::Nothing => continue,
            Need::Verdict => Vec::new(),
            Need::Build { .. } => build_scope(element),
        };
        open.extend(scope.iter().copied().filter(|below| seen.insert(*below)));
        found.push((element, scope));
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: Need = Need::Build { fetch: false };
    const FETCH: Need = Need::Build { fetch: true };

    /// Element 2 is built with 0 and 1, 3 with 2, and 4 with 1.
    fn scope(element: usize) -> Vec<usize> {
        match element {
            2 => vec![0, 1],
            3 => vec![2],
            4 => vec![1],
            _ => Vec::new(),
        }
    }

    fn jobs(required: &[usize], needs: [Need; 5]) -> Vec<String> {
        let graph = build_jobs(required, &|element| needs[element], &scope);
        graph.jobs().iter().map(|job| format!("{} {}", job.task, job.element)).collect()
    }

    #[test]
    fn only_what_is_needed_is_built() {
        let all = [BUILD; 5];
        for (required, needs, expect) in [
            (vec![3], all, "build 0, build 1, build 2, build 3"),
            (vec![4], all, "build 1, build 4"),
            (vec![0], all, "build 0"),
            (vec![3], [Need::Nothing; 5], ""),
            (vec![3], [BUILD, BUILD, BUILD, Need::Nothing, BUILD], ""),
            (vec![3], [BUILD, BUILD, Need::Nothing, BUILD, BUILD], "build 3"),
            (
                vec![2, 3],
                [BUILD, Need::Nothing, FETCH, FETCH, BUILD],
                "build 0, fetch 2, build 2, fetch 3, build 3",
            ),
            (vec![3], [BUILD, BUILD, Need::Verdict, BUILD, BUILD], "build 2, build 3"),
        ] {
            assert_eq!(jobs(&required, needs).join(", "), expect, "{required:?} {needs:?}");
        }
    }

    #[test]
    fn builds_wait_for_what_they_need() {
        use spec_scheduler::{JobState, JobStates};
        let graph = build_jobs(&[3], &|_| FETCH, &scope);
        let mut states = JobStates::new(&graph);
        let tasks: Vec<Task> = states.ready().map(|job| graph.jobs()[job].task).collect();
        assert_eq!(tasks, [Task::Fetch; 4]);
        let mut order = Vec::new();
        loop {
            let Some(job) = states.ready().next() else { break };
            states.start(job);
            states.succeed(job);
            if graph.jobs()[job].task == Task::Build {
                order.push(graph.jobs()[job].element);
            }
        }
        assert_eq!(order, [0, 1, 2, 3]);
        assert_eq!(states.count(|state| state == JobState::Done), 8);
    }
}
