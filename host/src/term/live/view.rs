//! The contents of the live view: a pure function from events to lines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use spec_scheduler::{Event, JobEnd, Task};
use spec_session::SessionInfo;

use crate::term::text::{display_width, format_size, pad, sanitize_line, truncate_with_mark};
use crate::term::time::format_clock;
use crate::term::{Style, TextRole};

/// The state of the session that is drawn.
#[derive(Default)]
pub(super) struct ViewState {
    tasks: BTreeMap<Task, TaskCount>,
    running: BTreeMap<usize, RunningJob>,
    /// What goes to and from servers, if any was asked for something.
    pub(super) remotes: Option<String>,
}

#[derive(Default)]
struct TaskCount {
    done: usize,
    failed: BTreeSet<usize>,
    all: usize,
}

struct RunningJob {
    element: usize,
    task: Task,
    since: Instant,
    activity: String,
    done: Option<(u64, u64)>,
}

impl ViewState {
    /// Takes note of an event.
    pub(super) fn note(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Started { jobs } => {
                let count = |all| TaskCount { all, ..TaskCount::default() };
                self.tasks = jobs.iter().map(|(task, all)| (*task, count(*all))).collect();
            }
            Event::JobsAdded { jobs } => {
                jobs.iter().for_each(|(task, count)| self.tasks.entry(*task).or_default().all += count);
            }
            Event::JobStarted { job, element, task } => {
                let fresh = RunningJob {
                    element: *element,
                    task: *task,
                    since: now,
                    activity: String::new(),
                    done: None,
                };
                self.running.insert(*job, fresh);
                self.tasks.entry(*task).or_default().failed.remove(job);
            }
            Event::Progress { job, activity, done } => {
                if let Some(running) = self.running.get_mut(job) {
                    (running.activity, running.done) = (sanitize_line(activity), *done);
                }
            }
            Event::JobEnded { job, task, end, .. } => {
                self.running.remove(job);
                let count = self.tasks.entry(*task).or_default();
                match end {
                    JobEnd::Done | JobEnd::Unneeded | JobEnd::Superseded | JobEnd::Absent => count.done += 1,
                    JobEnd::Failed(_) => drop(count.failed.insert(*job)),
                    JobEnd::Cancelled | JobEnd::Skipped => {}
                }
            }
            Event::Message(_) | Event::Ended(_) => {}
        }
    }

    /// The lines to draw on a terminal of `size` columns and rows.
    pub(super) fn frame(
        &self,
        info: &SessionInfo,
        style: Style,
        elapsed: Duration,
        now: Instant,
        size: (usize, usize),
    ) -> Vec<String> {
        // The last column stays free, because erasing to the end of a full line would erase its last character.
        let (columns, rows) = (size.0.saturating_sub(1), size.1);
        let remotes = self.remotes.as_deref().map(|line| Self::remotes_line(style, line, columns));
        let room = rows.saturating_sub(2 + usize::from(remotes.is_some())).max(1);
        let hidden = self.running.len().saturating_sub(room);
        let mut frame = vec![self.status(style, elapsed, columns)];
        frame.extend(remotes);
        let width = self
            .running
            .values()
            .map(|r| display_width(&sanitize_line(info.name(r.element))))
            .max()
            .unwrap_or(0);
        let shown = self.running.values().take(if hidden > 0 { room - 1 } else { room });
        let widths = (columns, width.min(columns / 3));
        frame.extend(shown.map(|running| style.sanitize_output(&running.line(info, style, now, widths))));
        if hidden > 0 {
            frame.push(truncate_with_mark(&format!("  … and {} more", hidden + 1), columns));
        }
        frame
    }

    fn remotes_line(style: Style, line: &str, columns: usize) -> String {
        let text = truncate_with_mark(&sanitize_line(line), columns.saturating_sub(10));
        style.sanitize_output(&format!("  {} {text}", style.paint(TextRole::Dim, "remotes")))
    }

    fn status(&self, style: Style, elapsed: Duration, columns: usize) -> String {
        let time = format_clock(elapsed);
        let mut parts: Vec<String> = self.tasks.iter().filter(|(_, count)| count.all > 0).map(part).collect();
        parts.push(format!("{} running", self.running.len()));
        let rest = truncate_with_mark(&parts.join(" · "), columns.saturating_sub(time.len() + 3));
        format!(
            "{} {}",
            style.paint(TextRole::Dim, format_args!("[{time}]")),
            style.paint(TextRole::Bold, rest)
        )
    }
}

fn part((task, count): (&Task, &TaskCount)) -> String {
    let failed = match count.failed.len() {
        0 => String::new(),
        failed => format!(" ({failed} failed)"),
    };
    format!("{task} {}/{}{failed}", count.done, count.all)
}

impl RunningJob {
    /// `task element activity clock`, the clock at the right edge of at most 100 columns.
    fn line(&self, info: &SessionInfo, style: Style, now: Instant, widths: (usize, usize)) -> String {
        let (columns, width) = widths;
        let time = format_clock(now.saturating_duration_since(self.since));
        let name = pad(&truncate_with_mark(&sanitize_line(info.name(self.element)), width), width);
        let task = pad(&self.task.to_string(), 5);
        let taken = 2 + task.len() + 1 + width + 2 + 1 + time.len();
        let room = columns.min(100).saturating_sub(taken);
        let activity = pad(&truncate_with_mark(&self.doing(), room), room);
        let (name, time) = (style.paint(TextRole::Name, name), style.paint(TextRole::Dim, time));
        format!("  {task} {name}  {activity} {time}")
    }

    fn doing(&self) -> String {
        match self.done {
            Some((done, 0)) if done > 0 => format!("{} {}", self.activity, format_size(done)),
            Some((done, all)) if all >= 10_000 => {
                format!("{} {} of {}", self.activity, format_size(done), format_size(all))
            }
            Some((done, all)) if all > 0 => format!("[{done}/{all}] {}", self.activity),
            _ => self.activity.clone(),
        }
    }
}
