//! The jobs of a simulated session: which may start, and what follows when one ends.

use std::collections::BTreeMap;

use spec_scheduler::{Graph, Job, JobState, JobStates, Task};

use crate::recorded_session::{RecordedJob, RecordedSession, Supersession};

/// The jobs of a simulated session.
#[derive(Debug)]
pub(crate) struct SimulatedJobs<'a> {
    session: &'a RecordedSession,
    /// With the jobs that were added by now.
    graph: Graph,
    states: JobStates,
    running: BTreeMap<Task, usize>,
}

impl<'a> SimulatedJobs<'a> {
    pub(crate) fn new(session: &'a RecordedSession) -> Self {
        let mut graph = Graph::new();
        add_jobs(&mut graph, session, session.planned_jobs);
        let states = JobStates::new(&graph);
        Self { session, graph, states, running: BTreeMap::new() }
    }

    pub(crate) fn job(&self, job: usize) -> Job {
        self.session.graph.jobs()[job]
    }

    /// Starts the jobs that may start, and returns them.
    pub(crate) fn start_ready(&mut self) -> Vec<usize> {
        let ready: Vec<usize> = self.states.ready().collect();
        let mut started = Vec::new();
        for job in ready {
            let task = self.job(job).task;
            let limit = self.session.limits.get(&task).copied().unwrap_or(usize::MAX).max(1);
            let running = self.running.entry(task).or_default();
            if *running < limit {
                *running += 1;
                self.states.start(job);
                started.push(job);
            }
        }
        started
    }

    /// A job ends as it did in the recording.
    pub(crate) fn end(&mut self, job: usize) {
        let running = self.running.entry(self.job(job).task).or_default();
        *running = running.saturating_sub(1);
        let RecordedJob { end, supersession, .. } = &self.session.jobs[job];
        match (end.as_str(), supersession) {
            ("superseded", Some(supersession)) => self.supersede(job, *supersession),
            ("done" | "unneeded" | "superseded" | "absent", _) => self.states.succeed(job),
            _ => _ = self.states.fail(job),
        }
    }

    fn supersede(&mut self, job: usize, Supersession { by, jobs }: Supersession) {
        add_jobs(&mut self.graph, self.session, jobs);
        self.states.extend(&self.graph);
        match by {
            Some(by) => _ = self.states.supersede(job, by),
            None => self.states.succeed(job),
        }
    }

    /// The first job that has not come to an end.
    pub(crate) fn unfinished(&self) -> Option<Job> {
        let is_open = |job: &usize| {
            matches!(self.states.state(*job), JobState::Waiting(_) | JobState::Ready | JobState::Running)
        };
        (0..self.graph.jobs().len()).find(is_open).map(|job| self.job(job))
    }
}

/// Adds the jobs of the recording up to this number.
fn add_jobs(graph: &mut Graph, session: &RecordedSession, count: usize) {
    for number in graph.jobs().len()..count {
        // It was added to the recorded graph in the same order.
        let _ = graph.add(session.graph.jobs()[number], session.graph.waits_for(number));
    }
}
