//! The jobs of a session, by BuildStream's rules.
//!
//! The selected elements are required. An element that must be built requires all elements that are staged for its
//! build. A cached element requires nothing, nor does one whose artifact a shared cache has. When it turns out that the artifact
//! is not to be had after all, the element is built, and what that requires is added.

use std::collections::{BTreeSet, HashMap};

use spec_scheduler::{Graph, Job, Task};

/// The work that an element needs, if it is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequiredWork {
    /// None: it is cached.
    Nothing,
    /// Its artifact comes from a shared cache.
    Pull,
    /// Its cached failure is reported again, by a job that does nothing else.
    ReportFailure,
    /// It must be built; `fetch` when its sources must be fetched first.
    Build {
        /// Whether sources must be fetched first.
        fetch: bool,
    },
}

/// What is pushed of elements that are required.
#[derive(Clone, Debug, Default)]
pub(crate) struct PushedParts {
    /// Whether artifacts are pushed.
    pub(crate) artifacts: bool,
    /// By element, whether it has sources that are pushed when they are in the store; empty for none.
    pub(crate) sources: Vec<bool>,
}

/// Decides which jobs make what is required, and remembers which job makes which artifact.
#[derive(Debug)]
pub(crate) struct BuildPlan {
    /// By element.
    works: Vec<RequiredWork>,
    /// By element, which elements are staged for its build. Elements are numbered so that each comes after all it needs.
    build_scopes: Vec<Vec<usize>>,
    pushed: PushedParts,
    /// By element, its place in the order in which jobs are added.
    order: Vec<usize>,
    /// By element that is required, the job after which its artifact is cached; `None` when it is cached before.
    artifact_jobs: HashMap<usize, Option<usize>>,
}

impl BuildPlan {
    /// A plan without jobs.
    pub(crate) fn new(works: Vec<RequiredWork>, build_scopes: Vec<Vec<usize>>, pushed: PushedParts) -> Self {
        let order = (0..works.len()).collect();
        Self { works, build_scopes, pushed, order, artifact_jobs: HashMap::new() }
    }

    /// The same plan, which adds the jobs of elements in this order: by element, its place. What an element is built on comes before it.
    pub(crate) fn with_order(mut self, order: Vec<usize>) -> Self {
        self.order = order;
        self
    }

    /// Adds the jobs that make `required`, as far as they are not in the graph.
    pub(crate) fn require(&mut self, required: &[usize], graph: &mut Graph) {
        for element in self.newly_required(required) {
            let job = self.add(element, graph);
            self.artifact_jobs.insert(element, job);
        }
    }

    /// Those of these elements that would be built if they were required, and are not yet.
    pub(crate) fn not_planned(&self, mut elements: Vec<usize>) -> Vec<usize> {
        let is_build = |element: usize| matches!(self.works[element], RequiredWork::Build { .. });
        elements.retain(|element| is_build(*element) && !self.artifact_jobs.contains_key(element));
        elements
    }

    /// Has these elements pulled if they become required.
    pub(crate) fn pull_instead(&mut self, elements: Vec<usize>) {
        for element in self.not_planned(elements) {
            self.works[element] = RequiredWork::Pull;
        }
    }

    /// Adds the jobs for an element whose artifact is not to be had from a shared cache. Returns the one after which its
    /// artifact is cached.
    pub(crate) fn instead_of_pull(
        &mut self,
        element: usize,
        work: RequiredWork,
        graph: &mut Graph,
    ) -> Option<usize> {
        self.works[element] = work;
        self.artifact_jobs.remove(&element);
        // Its artifact is pushed by the job that waited for the pull.
        let pushed = std::mem::take(&mut self.pushed.artifacts);
        let below: Vec<usize> = self.newly_required(&[element]);
        for &element in &below {
            self.pushed.artifacts = pushed && element != *below.last().unwrap_or(&element);
            let job = self.add(element, graph);
            self.artifact_jobs.insert(element, job);
        }
        self.pushed.artifacts = pushed;
        self.artifact_jobs.get(&element).copied().flatten()
    }

    /// The elements that are required and were not before, with what building them needs, dependencies first.
    fn newly_required(&self, required: &[usize]) -> Vec<usize> {
        let is_new = |element: &usize| !self.artifact_jobs.contains_key(element);
        let mut seen: BTreeSet<usize> = required.iter().copied().filter(is_new).collect();
        let mut open: Vec<usize> = seen.iter().copied().collect();
        while let Some(element) = open.pop() {
            if let RequiredWork::Build { .. } = self.works[element] {
                let scope = self.build_scopes[element].iter().copied();
                open.extend(scope.filter(|below| is_new(below) && seen.insert(*below)));
            }
        }
        let mut elements: Vec<usize> = seen.into_iter().collect();
        elements.sort_by_key(|element| self.order[*element]);
        elements
    }

    /// Adds the jobs of one element whose dependencies have theirs.
    fn add(&self, element: usize, graph: &mut Graph) -> Option<usize> {
        let (mut fetched, work) = (None, self.works[element]);
        let made = match work {
            RequiredWork::Nothing => None,
            RequiredWork::Pull => Some(add(graph, element, Task::Pull, &[])),
            RequiredWork::ReportFailure => Some(add(graph, element, Task::Build, &[])),
            RequiredWork::Build { fetch } => {
                let job_of = |below: &usize| self.artifact_jobs.get(below).copied().flatten();
                let mut after: Vec<usize> = self.build_scopes[element].iter().filter_map(job_of).collect();
                if fetch {
                    fetched = Some(add(graph, element, Task::Fetch, &[]));
                    after.extend(fetched);
                }
                Some(add(graph, element, Task::Build, &after))
            }
        };
        if self.pushed.artifacts && work != RequiredWork::ReportFailure {
            add(graph, element, Task::Push, made.as_slice());
        }
        // Whoever only pulls the artifact has no sources.
        if self.pushed.sources.get(element) == Some(&true) && work != RequiredWork::Pull {
            add(graph, element, Task::SourcePush, fetched.or(made).as_slice());
        }
        made
    }
}

/// Jobs of one task that wait for nothing.
pub(crate) fn single_task_graph(elements: &[usize], task: Task) -> Graph {
    let mut graph = Graph::new();
    for element in elements {
        add(&mut graph, *element, task, &[]);
    }
    graph
}

/// Jobs that push each element, after a job of another task for those that need it.
pub(crate) fn push_graph(
    elements: &[usize],
    first: Task,
    needed: impl Fn(usize) -> bool,
    push: Task,
) -> Graph {
    let mut graph = Graph::new();
    for &element in elements {
        let before = needed(element).then(|| add(&mut graph, element, first, &[]));
        add(&mut graph, element, push, before.as_slice());
    }
    graph
}

/// Adds a job; the jobs of `after` were added before.
pub(crate) fn add(graph: &mut Graph, element: usize, task: Task, after: &[usize]) -> usize {
    graph.add(Job { element, task }, after).expect("it waits only for jobs that were added before")
}

#[cfg(test)]
mod tests;
