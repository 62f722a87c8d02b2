//! The jobs of a session and what each waits for.

use std::fmt;

/// What a job does for its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Bring the sources into the cache.
    Fetch,
    /// Find new references for the sources.
    Track,
    /// Build the artifact.
    Build,
}

impl Task {
    /// All tasks, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Track, Self::Fetch, Self::Build];
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fetch => "fetch",
            Self::Track => "track",
            Self::Build => "build",
        })
    }
}

/// One job: a task for an element. Elements are numbers that the caller gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// The element's number.
    pub element: usize,
    /// What is done for it.
    pub task: Task,
}

/// The jobs of a session. Built once, then read only.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) jobs: Vec<Job>,
    pub(crate) waits_for: Vec<Vec<usize>>,
}

impl Graph {
    /// A graph without jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job that starts after the jobs with the numbers in `after` succeeded; gives its own number. Jobs that
    /// could start are started in the order in which they were added.
    ///
    /// # Errors
    /// When `after` names a job that has not been added, which also makes cycles impossible.
    pub fn add(&mut self, job: Job, after: &[usize]) -> Result<usize, GraphError> {
        let number = self.jobs.len();
        if let Some(unknown) = after.iter().copied().find(|&other| other >= number) {
            return Err(GraphError { job: number, unknown });
        }
        self.jobs.push(job);
        self.waits_for.push(after.to_vec());
        Ok(number)
    }

    /// The jobs, by number.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }
}

/// A job was to wait for one that is not in the graph.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("job {job} was to wait for job {unknown}, which is not in the graph")]
pub struct GraphError {
    job: usize,
    unknown: usize,
}
