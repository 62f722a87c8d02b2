//! Events as plain lines of text.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_scheduler::{Event, JobEnd, Message, MessageLevel, Summary, Task};
use spec_session::SessionInfo;

use super::text::sanitize_line;
use super::time::{format_clock, format_duration};
use super::{Style, TextRole, failure};
use crate::message_format::{Column, MessageFormat, elapsed_text, wallclock_text};

/// The type of a message in BuildStream's words, and its role.
type LineKind = (&'static str, TextRole);

const FAILURE: LineKind = ("FAILURE", TextRole::Bad);

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
    /// The format of lines, if the user has one.
    pub(crate) format: Option<UserFormat>,
}

/// A format of lines, and when the session began that they are about.
#[derive(Clone, Debug)]
pub(crate) struct UserFormat {
    pub(crate) format: MessageFormat,
    pub(crate) began: SystemTime,
}

/// A line about an element, or about the session.
struct MessageLine<'l> {
    /// The type of the message, in BuildStream's words.
    action: &'static str,
    role: TextRole,
    element: Option<usize>,
    task: Option<Task>,
    /// How long it took what has ended.
    took: Option<Duration>,
    text: &'l str,
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
            Event::Started { jobs } => {
                self.session(elapsed, ("START", TextRole::Bold), None, &announcement(jobs))
            }
            Event::JobStarted { element, task, .. } if self.verbosity >= Verbosity::Jobs => {
                self.job(elapsed, (*element, *task), ("START", TextRole::Bold), None, "started")
            }
            Event::Message(message) => self.message(elapsed, message),
            Event::JobEnded { element, task, end, elapsed: duration, .. } => {
                self.end(elapsed, (*element, *task), end, *duration)
            }
            Event::Ended(summary) => {
                let kind = if summary.success() { ("SUCCESS", TextRole::Good) } else { FAILURE };
                self.session(elapsed, kind, Some(summary.elapsed), &self.summary(summary))
            }
            Event::JobsAdded { .. } | Event::JobStarted { .. } | Event::Progress { .. } => String::new(),
        }
    }

    /// The line about the activity of a job, with [`Verbosity::Progress`].
    pub(crate) fn progress(&self, elapsed: Duration, element: usize, task: Task, activity: &str) -> String {
        if self.verbosity < Verbosity::Progress {
            return String::new();
        }
        let line =
            self.job(elapsed, (element, task), ("STATUS", TextRole::Dim), None, &sanitize_line(activity));
        self.style.sanitize_output(&line)
    }

    fn at(&self, elapsed: Duration, text: &str) -> String {
        let time = self.style.paint(TextRole::Dim, format_args!("[{}]", format_clock(elapsed)));
        if text.is_empty() { String::new() } else { format!("{time} {text}\n") }
    }

    /// A line about the session.
    fn session(&self, elapsed: Duration, kind: LineKind, took: Option<Duration>, text: &str) -> String {
        let (action, role) = kind;
        match &self.format {
            Some(format) if !text.is_empty() => self.formatted(
                format,
                elapsed,
                &MessageLine { action, role, element: None, task: None, took, text },
            ),
            _ => self.at(elapsed, text),
        }
    }

    /// A line about a job.
    fn job(
        &self,
        elapsed: Duration,
        (element, task): (usize, Task),
        (action, role): LineKind,
        took: Option<Duration>,
        text: &str,
    ) -> String {
        if let Some(format) = &self.format {
            let line = MessageLine { action, role, element: Some(element), task: Some(task), took, text };
            return self.formatted(format, elapsed, &line);
        }
        let key = self.style.paint(TextRole::Key, self.info.brief_key(element));
        let name = self.style.paint(TextRole::Name, self.info.name(element));
        self.at(elapsed, &format!("{key} {task} {name} {text}"))
    }

    /// A line in the user's format, with columns as wide as BuildStream's.
    fn formatted(&self, user: &UserFormat, elapsed: Duration, line: &MessageLine<'_>) -> String {
        let text = user.format.line(|column| match column {
            Column::Elapsed { microseconds } => elapsed_text(line.took, microseconds),
            Column::Wallclock { microseconds } => wallclock_text(user.began + elapsed, microseconds),
            Column::Key => {
                let key = line.element.map(|element| self.info.brief_key(element));
                let key = key.unwrap_or_else(|| " ".repeat(self.info.key_length));
                self.style.paint(TextRole::Key, key)
            }
            Column::Element => {
                let task = line.task.map_or_else(|| "main".to_owned(), |task| task.to_string());
                let name = line.element.map_or("core activity", |element| self.info.name(element));
                format!("{task:>8}:{}", self.style.paint(TextRole::Name, format_args!("{name:<30}")))
            }
            Column::Action => self.style.paint(line.role, format_args!("{:<7}", line.action)),
            Column::Message => line.text.to_owned(),
        });
        format!("{text}\n")
    }

    fn message(&self, elapsed: Duration, message: &Message) -> String {
        let mut text = self.headline(elapsed, message);
        let detail: Vec<&str> = message.detail.iter().flat_map(|detail| detail.lines()).collect();
        for line in detail.iter().take(self.message_lines) {
            let _ = writeln!(text, "    {}", sanitize_line(line));
        }
        if detail.len() > self.message_lines {
            let _ = writeln!(text, "    … {} more lines", detail.len() - self.message_lines);
        }
        text
    }

    /// The first line of a message.
    fn headline(&self, elapsed: Duration, message: &Message) -> String {
        let (role, level, action) = match message.level {
            MessageLevel::Info => (TextRole::Bold, "note", "INFO"),
            MessageLevel::Warning => (TextRole::Warning, "warning", "WARNING"),
        };
        let (text, element) = (sanitize_line(&message.text), message.element);
        if let Some(format) = &self.format {
            let text = &match message.level {
                MessageLevel::Info => text,
                MessageLevel::Warning => format!("[{}]: {text}", message.reason),
            };
            let line = MessageLine { action, role, element, task: None, took: None, text };
            return self.formatted(format, elapsed, &line);
        }
        let title = self.style.paint(role, format_args!("{level}[{}]", message.reason));
        let about = element.map(|element| self.style.paint(TextRole::Name, self.info.name(element)));
        let about = about.map(|name| format!(" {name}:")).unwrap_or_default();
        self.at(elapsed, &format!("{title}:{about} {text}"))
    }

    fn end(&self, elapsed: Duration, of: (usize, Task), end: &JobEnd, duration: Duration) -> String {
        let (element, task) = of;
        let in_time = format_duration(duration);
        let line = |kind, text: &str| self.job(elapsed, of, kind, Some(duration), text);
        let skipped = |text| self.job(elapsed, of, ("SKIPPED", TextRole::Warning), None, text);
        match end {
            JobEnd::Done => {
                let done = self.style.paint(TextRole::Good, "done");
                line(("SUCCESS", TextRole::Good), &format!("{done} in {in_time}"))
            }
            JobEnd::Unneeded if self.verbosity > Verbosity::Ends => skipped("was there already"),
            JobEnd::Failed(why) => {
                let failed = self.style.paint(TextRole::Bad, "failed");
                let line = line(FAILURE, &format!("{failed} after {in_time}"));
                line + &failure::report(self.info.name(element), task, why, self.error_lines, self.style)
            }
            JobEnd::Absent => skipped("found it on no server"),
            JobEnd::Cancelled => line(FAILURE, &format!("stopped after {in_time}")),
            JobEnd::Superseded if self.verbosity > Verbosity::Ends => skipped("found nothing of use"),
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
