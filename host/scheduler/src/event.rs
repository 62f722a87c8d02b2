//! The events of a running session.

use std::path::PathBuf;
use std::time::Duration;

use spec_model::{Blame, FilePosition};

use crate::Task;

/// Something that happened. Elements are the numbers of the [`Graph`](crate::Graph), jobs its job numbers.
#[derive(Clone, Debug)]
pub enum Event {
    /// The session begins.
    Started {
        /// Number of jobs for every task that has any.
        jobs: Vec<(Task, usize)>,
    },
    /// Jobs were added to the session.
    JobsAdded {
        /// Number of jobs for every task that has any.
        jobs: Vec<(Task, usize)>,
    },
    /// A job was started.
    JobStarted {
        /// The job.
        job: usize,
        /// Its element.
        element: usize,
        /// What it does.
        task: Task,
    },
    /// The progress of a running job.
    Progress {
        /// The job.
        job: usize,
        /// What it is doing, in a few words, such as `make` or the name of a file.
        activity: String,
        /// How much is done, and the total: bytes of a download, commands of a build. The total is 0 when unknown.
        done: Option<(u64, u64)>,
    },
    /// A message of a job for the user.
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

/// A message for the user.
#[derive(Clone, Debug)]
pub struct Message {
    /// The element it is about, if it is about one.
    pub element: Option<usize>,
    /// How important it is.
    pub level: MessageLevel,
    /// A stable code such as `overlaps`.
    pub reason: String,
    /// One line.
    pub text: String,
    /// Further lines.
    pub detail: Option<String>,
    /// Numbers for machines, by name.
    pub figures: Vec<(String, u64)>,
    /// Words for machines, by name.
    pub labels: Vec<(String, String)>,
}

impl Message {
    /// Information of one line.
    #[must_use]
    pub fn info(reason: &str, text: impl Into<String>) -> Self {
        Self::new(MessageLevel::Info, reason, text.into())
    }

    /// A warning of one line.
    #[must_use]
    pub fn warning(reason: &str, text: impl Into<String>) -> Self {
        Self::new(MessageLevel::Warning, reason, text.into())
    }

    fn new(level: MessageLevel, reason: &str, text: String) -> Self {
        Self {
            element: None,
            level,
            reason: reason.to_owned(),
            text,
            detail: None,
            figures: Vec::new(),
            labels: Vec::new(),
        }
    }
}

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageLevel {
    /// Information.
    Info,
    /// Something is probably wrong.
    Warning,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub enum JobEnd {
    /// It succeeded.
    Done,
    /// There was nothing to do, for example because another process had done it meanwhile.
    Unneeded,
    /// It could not do it, and other jobs, which are added to the session, do it instead, or the session does without: see
    /// [`Work::supersede`](crate::Work::supersede).
    Superseded,
    /// What it was to bring is nowhere, which is no failure: the session goes on without it.
    Absent,
    /// It failed.
    Failed(Box<Failure>),
    /// It was cancelled.
    Cancelled,
    /// It was not started, because a job that it waits for failed; or what it was to do was given up without being a failure.
    Skipped,
}

/// Why a job failed, with everything that the terminal shows.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// A stable code such as `command-failed`.
    pub reason: String,
    /// Whose fault it is.
    pub blame: Blame,
    /// One line: what failed.
    pub message: String,
    /// Where in the user's files the fault is.
    pub position: Option<FilePosition>,
    /// Further lines of the message.
    pub detail: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// The command that failed.
    pub command: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The whole log.
    pub log: Option<PathBuf>,
    /// The end of the log, as lines.
    pub log_tail: Vec<String>,
    /// Whether a failed artifact with a build tree is in the cache, which `shell --build --use-buildtree` can use.
    pub has_buildtree: bool,
    /// Whether the failure is that of an earlier build, found in the cache.
    pub cached: bool,
}

impl Failure {
    /// The place and the further lines, as lines below the message.
    #[must_use]
    pub fn lines_below(&self) -> Vec<String> {
        let position = self.position.as_ref().map(|position| format!("at {position}"));
        let rest = self.detail.iter().flat_map(|text| text.lines()).map(str::to_owned);
        position.into_iter().chain(rest).collect()
    }
}

/// How a session ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The numbers of jobs by task: done, unneeded or superseded, failed, and cancelled or skipped.
    pub tasks: Vec<(Task, [usize; 4])>,
    /// Elements whose job failed.
    pub failed: Vec<usize>,
    /// Whether the session was cut short by a signal.
    pub interrupted: bool,
    /// Whole duration.
    pub elapsed: Duration,
}

impl Summary {
    /// Whether no job failed and nothing was interrupted.
    #[must_use]
    pub fn success(&self) -> bool {
        self.failed.is_empty() && !self.interrupted
    }
}
