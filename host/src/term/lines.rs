//! Events as plain lines of text.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use spec_scheduler::{Event, JobEnd, Message, MessageLevel, Summary, Task};
use spec_session::SessionInfo;

use super::text::sanitize_line;
use super::time::{format_clock, format_duration};
use super::{Style, TextRole, failure};

/// Writes events as lines. It has no clock: the caller passes the elapsed time.
#[derive(Clone, Debug)]
pub(crate) struct LineFormatter {
    /// Names and keys.
    pub(crate) info: Arc<SessionInfo>,
    /// Colours or none.
    pub(crate) style: Style,
    /// How many lines of a failed command's log are shown.
    pub(crate) error_lines: usize,
    /// How many lines of a message's detail are shown.
    pub(crate) message_lines: usize,
    /// Which events are left out.
    pub(crate) verbosity: Verbosity,
}

/// Which events are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Ends of jobs that are not in the live view.
    Ends,
    /// Also the beginning of jobs.
    Jobs,
    /// Also their progress.
    Progress,
}

impl LineFormatter {
    /// The lines for an event; empty when it is not reported.
    pub(crate) fn of(&self, event: &Event, elapsed: Duration) -> String {
        self.style.sanitize_output(&self.event_lines(event, elapsed))
    }

    fn event_lines(&self, event: &Event, elapsed: Duration) -> String {
        match event {
            Event::Started { jobs } => self.at(elapsed, &announcement(jobs)),
            Event::JobStarted { element, task, .. } if self.verbosity >= Verbosity::Jobs => {
                self.job(elapsed, *element, *task, "started")
            }
            Event::Message(message) => self.message(elapsed, message),
            Event::JobEnded { element, task, end, elapsed: duration, .. } => {
                self.end(elapsed, (*element, *task), end, *duration)
            }
            Event::Ended(summary) => self.at(elapsed, &self.summary(summary)),
            Event::JobsAdded { .. } | Event::JobStarted { .. } | Event::Progress { .. } => String::new(),
        }
    }

    /// The line about the activity of a job, with [`Verbosity::Progress`].
    pub(crate) fn progress(&self, elapsed: Duration, element: usize, task: Task, activity: &str) -> String {
        if self.verbosity < Verbosity::Progress {
            return String::new();
        }
        self.style.sanitize_output(&self.job(elapsed, element, task, &sanitize_line(activity)))
    }

    fn at(&self, elapsed: Duration, text: &str) -> String {
        let time = self.style.paint(TextRole::Dim, format_args!("[{}]", format_clock(elapsed)));
        if text.is_empty() { String::new() } else { format!("{time} {text}\n") }
    }

    fn job(&self, elapsed: Duration, element: usize, task: Task, action: &str) -> String {
        let key = self.style.paint(TextRole::Key, self.info.brief_key(element));
        let name = self.style.paint(TextRole::Name, self.info.name(element));
        self.at(elapsed, &format!("{key} {task} {name} {action}"))
    }

    fn message(&self, elapsed: Duration, message: &Message) -> String {
        let (ink, level) = match message.level {
            MessageLevel::Info => (TextRole::Bold, "note"),
            MessageLevel::Warning => (TextRole::Warning, "warning"),
        };
        let title = self.style.paint(ink, format_args!("{level}[{}]", message.reason));
        let about = message.element.map(|element| self.style.paint(TextRole::Name, self.info.name(element)));
        let about = about.map(|name| format!(" {name}:")).unwrap_or_default();
        let mut text = self.at(elapsed, &format!("{title}:{about} {}", sanitize_line(&message.text)));
        let detail: Vec<&str> = message.detail.iter().flat_map(|detail| detail.lines()).collect();
        for line in detail.iter().take(self.message_lines) {
            let _ = writeln!(text, "    {}", sanitize_line(line));
        }
        if detail.len() > self.message_lines {
            let _ = writeln!(text, "    … {} more lines", detail.len() - self.message_lines);
        }
        text
    }

    fn end(&self, elapsed: Duration, of: (usize, Task), end: &JobEnd, duration: Duration) -> String {
        let (element, task) = of;
        let in_time = format_duration(duration);
        match end {
            JobEnd::Done => {
                let done = self.style.paint(TextRole::Good, "done");
                self.job(elapsed, element, task, &format!("{done} in {in_time}"))
            }
            JobEnd::Unneeded if self.verbosity > Verbosity::Ends => {
                self.job(elapsed, element, task, "was there already")
            }
            JobEnd::Failed(why) => {
                let failed = self.style.paint(TextRole::Bad, "failed");
                let line = self.job(elapsed, element, task, &format!("{failed} after {in_time}"));
                line + &failure::report(self.info.name(element), task, why, self.error_lines, self.style)
            }
            JobEnd::Absent => self.job(elapsed, element, task, "found it on no server"),
            JobEnd::Cancelled => self.job(elapsed, element, task, &format!("stopped after {in_time}")),
            JobEnd::Superseded if self.verbosity > Verbosity::Ends => {
                self.job(elapsed, element, task, "found nothing of use")
            }
            JobEnd::Unneeded | JobEnd::Superseded | JobEnd::Skipped => String::new(),
        }
    }

    fn summary(&self, summary: &Summary) -> String {
        let verdict = match (summary.interrupted, summary.failed.is_empty()) {
            (true, _) => self.style.paint(TextRole::Warning, "interrupted"),
            (false, true) => self.style.paint(TextRole::Good, "succeeded"),
            (false, false) => self.style.paint(TextRole::Bad, "failed"),
        };
        if summary.tasks.is_empty() && summary.success() {
            return format!("{}: nothing to do", self.info.command);
        }
        let tasks: String = summary.tasks.iter().map(|(task, counts)| counted(*task, *counts)).collect();
        format!("{} {verdict} in {}{tasks}", self.info.command, format_duration(summary.elapsed))
    }
}

fn announcement(jobs: &[(Task, usize)]) -> String {
    let jobs: Vec<_> = jobs.iter().map(|(task, count)| format!("{count} to {task}")).collect();
    jobs.join(", ")
}

fn counted(task: Task, counts: [usize; 4]) -> String {
    let words = ["done", "unneeded", "failed", "skipped"].into_iter().zip(counts);
    let words: Vec<_> = words.filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
    format!("; {task}: {}", words.join(", "))
}
