//! The states of jobs: a state machine without threads, clock or IO.

use std::collections::BTreeSet;

use crate::Graph;

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for this many other jobs to succeed.
    Waiting(usize),
    /// Everything that it waits for succeeded.
    Ready,
    /// It was started and has not ended.
    Running,
    /// It ended with success.
    Done,
    /// It failed or was cancelled.
    Failed,
    /// It will not start, because a job that it waits for failed.
    Skipped,
}

/// The states of all jobs of a [`Graph`].
#[derive(Clone, Debug)]
pub struct JobStates {
    states: Vec<JobState>,
    dependents: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl JobStates {
    /// The states before any job has started.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let mut dependents = vec![Vec::new(); graph.jobs.len()];
        let mut states = Vec::with_capacity(graph.jobs.len());
        for (job, after) in graph.waits_for.iter().enumerate() {
            let distinct: BTreeSet<usize> = after.iter().copied().collect();
            states.push(if distinct.is_empty() {
                JobState::Ready
            } else {
                JobState::Waiting(distinct.len())
            });
            for other in distinct {
                dependents[other].push(job);
            }
        }
        let ready =
            states.iter().enumerate().filter(|(_, s)| **s == JobState::Ready).map(|(job, _)| job).collect();
        Self { states, dependents, ready }
    }

    /// The state of a job.
    #[must_use]
    pub fn state(&self, job: usize) -> JobState {
        self.states[job]
    }

    /// The jobs that can start, in the order in which they were added.
    pub fn ready(&self) -> impl Iterator<Item = usize> + '_ {
        self.ready.iter().copied()
    }

    /// Marks a ready job as running.
    ///
    /// # Panics
    /// When the job is not ready: the caller started it twice.
    pub fn start(&mut self, job: usize) {
        assert!(self.ready.remove(&job), "job {job} was started while {:?}", self.states[job]);
        self.states[job] = JobState::Running;
    }

    /// Marks a running job as done. Jobs that waited only for it become ready.
    pub fn succeed(&mut self, job: usize) {
        self.states[job] = JobState::Done;
        for &dependent in &self.dependents[job] {
            match &mut self.states[dependent] {
                JobState::Waiting(1) => {
                    self.states[dependent] = JobState::Ready;
                    self.ready.insert(dependent);
                }
                JobState::Waiting(count) => *count -= 1,
                _ => {}
            }
        }
    }

    /// Marks a running job as failed, and all jobs that wait for it, directly or not, as skipped. Returns those.
    pub fn fail(&mut self, job: usize) -> Vec<usize> {
        self.states[job] = JobState::Failed;
        let mut skipped = Vec::new();
        let mut open = vec![job];
        while let Some(job) = open.pop() {
            for &dependent in &self.dependents[job] {
                if matches!(self.states[dependent], JobState::Waiting(_)) {
                    self.states[dependent] = JobState::Skipped;
                    skipped.push(dependent);
                    open.push(dependent);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Marks a failed job as ready again.
    pub fn retry(&mut self, job: usize) {
        self.states[job] = JobState::Ready;
        self.ready.insert(job);
    }

    /// How many jobs are in a state that `which` accepts.
    pub fn count(&self, which: impl Fn(JobState) -> bool) -> usize {
        self.states.iter().filter(|state| which(**state)).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Job, Task};

    fn graph(edges: &[&[usize]]) -> Graph {
        let mut graph = Graph::new();
        for (element, after) in edges.iter().enumerate() {
            graph.add(Job { element, task: Task::Build }, after).expect("the test's edges point down");
        }
        graph
    }

    #[test]
    fn a_job_is_ready_when_all_it_waits_for_is_done() {
        let mut states = JobStates::new(&graph(&[&[], &[], &[0, 1]]));
        assert_eq!(states.ready().collect::<Vec<_>>(), [0, 1]);
        for job in [0, 1] {
            states.start(job);
        }
        states.succeed(1);
        assert_eq!(states.state(2), JobState::Waiting(1));
        states.succeed(0);
        assert_eq!(states.ready().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_failure_skips_all_above_and_nothing_else() {
        let mut states = JobStates::new(&graph(&[&[], &[0], &[1], &[]]));
        states.start(0);
        assert_eq!(states.fail(0), [1, 2]);
        assert_eq!(states.ready().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn waiting_for_a_job_twice_is_waiting_once() {
        let mut states = JobStates::new(&graph(&[&[], &[0, 0]]));
        states.start(0);
        states.succeed(0);
        assert_eq!(states.state(1), JobState::Ready);
    }

    fn any_graph() -> impl Strategy<Value = Vec<Vec<usize>>> {
        prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..40).prop_map(
            |raw| {
                let below = |job: usize, picks: Vec<prop::sample::Index>| match job {
                    0 => Vec::new(),
                    _ => picks.into_iter().map(|pick| pick.index(job)).collect(),
                };
                raw.into_iter().enumerate().map(|(job, picks)| below(job, picks)).collect()
            },
        )
    }

    proptest! {
        #[test]
        fn every_job_ends_in_exactly_one_way(edges in any_graph(), failing in prop::collection::vec(any::<bool>(), 40)) {
            let edges: Vec<&[usize]> = edges.iter().map(Vec::as_slice).collect();
            let mut states = JobStates::new(&graph(&edges));
            loop {
                let Some(job) = states.ready().next() else { break };
                states.start(job);
                prop_assert!(edges[job].iter().all(|below| states.state(*below) == JobState::Done));
                if failing[job] { states.fail(job); } else { states.succeed(job); }
            }
            let ended = states.count(|s| matches!(s, JobState::Done | JobState::Failed | JobState::Skipped));
            prop_assert_eq!(ended, edges.len());
        }
    }
}
