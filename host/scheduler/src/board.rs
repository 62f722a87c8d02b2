//! The pure state machine: no threads, no clock, no IO.

use std::collections::BTreeSet;

use crate::Graph;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for this many other jobs.
    Waiting(usize),
    /// Could start now.
    Ready,
    /// Started.
    Running,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Will not start, since one that it waits for failed.
    Skipped,
}

/// The state of all jobs of a [`Graph`].
#[derive(Clone, Debug)]
pub struct Board {
    states: Vec<JobState>,
    followers: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl Board {
    /// All jobs before anything started.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let mut followers = vec![Vec::new(); graph.jobs.len()];
        let mut states = Vec::with_capacity(graph.jobs.len());
        for (job, after) in graph.waits_for.iter().enumerate() {
            let distinct: BTreeSet<usize> = after.iter().copied().collect();
            states.push(if distinct.is_empty() {
                JobState::Ready
            } else {
                JobState::Waiting(distinct.len())
            });
            for other in distinct {
                followers[other].push(job);
            }
        }
        let ready =
            states.iter().enumerate().filter(|(_, s)| **s == JobState::Ready).map(|(job, _)| job).collect();
        Self { states, followers, ready }
    }

    /// The state of a job.
    #[must_use]
    pub fn state(&self, job: usize) -> JobState {
        self.states[job]
    }

    /// Jobs that could start, first added first.
    pub fn ready(&self) -> impl Iterator<Item = usize> + '_ {
        self.ready.iter().copied()
    }

    /// Marks a ready job as running.
    ///
    /// # Panics
    /// When the job is not ready: the driver started it twice.
    pub fn start(&mut self, job: usize) {
        assert!(self.ready.remove(&job), "job {job} was started while {:?}", self.states[job]);
        self.states[job] = JobState::Running;
    }

    /// Marks a running job as done; what waited only for it becomes ready.
    pub fn succeed(&mut self, job: usize) {
        self.states[job] = JobState::Done;
        for &follower in &self.followers[job] {
            match &mut self.states[follower] {
                JobState::Waiting(1) => {
                    self.states[follower] = JobState::Ready;
                    self.ready.insert(follower);
                }
                JobState::Waiting(count) => *count -= 1,
                _ => {}
            }
        }
    }

    /// Marks a running job as failed; everything that waits for it, however far above, is skipped and returned.
    pub fn fail(&mut self, job: usize) -> Vec<usize> {
        self.states[job] = JobState::Failed;
        let mut skipped = Vec::new();
        let mut below = vec![job];
        while let Some(job) = below.pop() {
            for &follower in &self.followers[job] {
                if matches!(self.states[follower], JobState::Waiting(_)) {
                    self.states[follower] = JobState::Skipped;
                    skipped.push(follower);
                    below.push(follower);
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
        let mut board = Board::new(&graph(&[&[], &[], &[0, 1]]));
        assert_eq!(board.ready().collect::<Vec<_>>(), [0, 1]);
        for job in [0, 1] {
            board.start(job);
        }
        board.succeed(1);
        assert_eq!(board.state(2), JobState::Waiting(1));
        board.succeed(0);
        assert_eq!(board.ready().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_failure_skips_all_above_and_nothing_else() {
        let mut board = Board::new(&graph(&[&[], &[0], &[1], &[]]));
        board.start(0);
        assert_eq!(board.fail(0), [1, 2]);
        assert_eq!(board.ready().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn waiting_for_a_job_twice_is_waiting_once() {
        let mut board = Board::new(&graph(&[&[], &[0, 0]]));
        board.start(0);
        board.succeed(0);
        assert_eq!(board.state(1), JobState::Ready);
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
            let mut board = Board::new(&graph(&edges));
            loop {
                let Some(job) = board.ready().next() else { break };
                board.start(job);
                prop_assert!(edges[job].iter().all(|below| board.state(*below) == JobState::Done));
                if failing[job] { board.fail(job); } else { board.succeed(job); }
            }
            let ended = board.count(|s| matches!(s, JobState::Done | JobState::Failed | JobState::Skipped));
            prop_assert_eq!(ended, edges.len());
        }
    }
}
