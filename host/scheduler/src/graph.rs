//! The jobs of a session, and which jobs each waits for.

use std::fmt;

/// What a job does for its element. The options bound how many jobs of each task run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Fetch the sources into the cache.
    Fetch,
    /// Find new references for the sources.
    Track,
    /// Bring the artifact from a shared cache.
    Pull,
    /// Build the artifact.
    Build,
    /// Execute the actions that a build would request, without the build.
    Prime,
    /// Bring the artifact to shared caches.
    Push,
    /// Bring the sources to shared caches.
    SourcePush,
}

impl Task {
    /// Whether ready jobs of this task still start when others are no longer started because something failed: they bring what
    /// was made to where it stays.
    #[must_use]
    pub fn finishes_work(self) -> bool {
        matches!(self, Self::Push | Self::SourcePush)
    }

    /// All tasks, in the order in which the terminal shows them.
    pub const ALL: [Self; 7] =
        [Self::Track, Self::Pull, Self::Fetch, Self::Build, Self::Prime, Self::Push, Self::SourcePush];
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fetch => "fetch",
            Self::Track => "track",
            Self::Pull => "pull",
            Self::Build => "build",
            Self::Prime => "prime",
            Self::Push => "push",
            Self::SourcePush => "source-push",
        })
    }
}

/// A task for an element. The caller numbers the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// The element's number.
    pub element: usize,
    /// What it does.
    pub task: Task,
}

/// The jobs of a session.
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

    /// Adds a job that waits for the success of the jobs with the numbers in `after`; returns its number. Ready jobs
    /// start in the order in which they were added.
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

    /// The jobs that a job waits for.
    #[must_use]
    pub fn waits_for(&self, job: usize) -> &[usize] {
        self.waits_for.get(job).map_or(&[], Vec::as_slice)
    }
}

/// A job was to wait for one that is not in the graph.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("job {job} was to wait for job {unknown}, which is not in the graph")]
pub struct GraphError {
    job: usize,
    unknown: usize,
}
