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
        let mut states = Self { states: Vec::new(), dependents: Vec::new(), ready: BTreeSet::new() };
        states.extend(graph);
        states
    }

    /// Takes in the jobs that were added to the graph since. Returns those that are skipped, because a job that they wait for
    /// failed before.
    pub fn extend(&mut self, graph: &Graph) -> Vec<usize> {
        let mut skipped = Vec::new();
        for (job, after) in graph.waits_for.iter().enumerate().skip(self.states.len()) {
            let after: BTreeSet<usize> =
                after.iter().copied().filter(|other| self.states[*other] != JobState::Done).collect();
            let is_lost = |other: &usize| matches!(self.states[*other], JobState::Failed | JobState::Skipped);
            let state = match after.len() {
                _ if after.iter().any(is_lost) => JobState::Skipped,
                0 => JobState::Ready,
                count => JobState::Waiting(count),
            };
            match state {
                JobState::Ready => drop(self.ready.insert(job)),
                JobState::Skipped => skipped.push(job),
                _ => after.into_iter().for_each(|other| self.dependents[other].push(job)),
            }
            self.states.push(state);
            self.dependents.push(Vec::new());
        }
        skipped
    }

    /// Marks a running job as done by another one: those that wait for it wait for that one. Returns the jobs that are skipped
    /// because that one failed or was skipped.
    pub fn supersede(&mut self, job: usize, by: usize) -> Vec<usize> {
        self.states[job] = JobState::Done;
        let waiting = std::mem::take(&mut self.dependents[job]);
        self.dependents[by].extend(waiting);
        match self.states[by] {
            JobState::Done => self.succeed(by),
            lost @ (JobState::Failed | JobState::Skipped) => {
                let skipped = self.fail(by);
                self.states[by] = lost;
                return skipped;
            }
            _ => {}
        }
        Vec::new()
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
mod tests;
