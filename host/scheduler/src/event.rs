//! What a session tells about itself while it runs.

use std::path::PathBuf;
use std::time::Duration;

use crate::Task;

/// Something that happened. Elements are the numbers of the [`Graph`](crate::Graph), jobs its job numbers.
#[derive(Clone, Debug)]
pub enum Event {
    /// The session begins with so many jobs of each task.
    Started {
        /// Number of jobs for every task that has any.
        jobs: Vec<(Task, usize)>,
    },
    /// A job begins.
    JobStarted {
        /// The job.
        job: usize,
        /// Its element.
        element: usize,
        /// What it does.
        task: Task,
    },
    /// What a running job is doing now.
    Progress {
        /// The job.
        job: usize,
        /// A few words, such as `make` or the name of a file.
        activity: String,
        /// How far it is, and out of how much: bytes of a download, commands of a build. Total 0 when unknown.
        done: Option<(u64, u64)>,
    },
    /// Something a job wants people to read.
    Message(Message),
    /// A job ended.
    JobEnded {
        /// The job.
        job: usize,
        /// Its element.
        element: usize,
        /// What it did.
        task: Task,
        /// How it ended.
        end: JobEnd,
        /// How long it took.
        elapsed: Duration,
    },
    /// The session ended.
    Ended(Summary),
}

/// Something a job wants people to read.
#[derive(Clone, Debug)]
pub struct Message {
    /// The element it is about, if it is about one.
    pub element: Option<usize>,
    /// How much it matters.
    pub level: MessageLevel,
    /// A stable code such as `overlaps`.
    pub reason: String,
    /// One line.
    pub text: String,
    /// Further lines.
    pub detail: Option<String>,
    /// Numbers for machines, by name.
    pub figures: Vec<(String, u64)>,
}

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageLevel {
    /// Good to know.
    Info,
    /// Something is probably wrong.
    Warning,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// It did what it was for.
    Done,
    /// There was nothing to do, for example since another process had done it meanwhile.
    Unneeded,
    /// It failed.
    Failed(Box<Failure>),
    /// It was cancelled.
    Cancelled,
    /// It never started, since one below it failed.
    Skipped,
}

/// Why a job failed, with all that the terminal shows of it.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// A stable code such as `command-failed`.
    pub reason: String,
    /// One line: what failed.
    pub message: String,
    /// Further lines.
    pub detail: Option<String>,
    /// The command that failed.
    pub command: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The whole log.
    pub log: Option<PathBuf>,
    /// The end of the log, as lines.
    pub log_tail: Vec<String>,
    /// Whether a failed artifact with a build tree is in the cache, so that `shell --build --use-buildtree` can go
    /// into it.
    pub has_buildtree: bool,
    /// Whether this failure was found in the cache instead of happening now.
    pub cached: bool,
}

/// How a session ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Jobs by task: done, unneeded, failed, skipped or cancelled.
    pub tasks: Vec<(Task, [usize; 4])>,
    /// Elements whose job failed.
    pub failed: Vec<usize>,
    /// Whether the session was cut short by a signal.
    pub interrupted: bool,
    /// Whole duration.
    pub elapsed: Duration,
}

impl Summary {
    /// Whether everything asked for is there.
    #[must_use]
    pub fn success(&self) -> bool {
        self.failed.is_empty() && !self.interrupted
    }
}
