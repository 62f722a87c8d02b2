//! Plain lines, for log files and streams that are not terminals.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use spec_scheduler::{Event, Observer, Task};

use super::lines::LineFormatter;

/// Writes every event as plain lines.
pub(crate) struct PlainLog {
    lines: LineFormatter,
    began: Instant,
    state: Mutex<PlainLogState>,
}

struct PlainLogState {
    out: Box<dyn Write + Send>,
    /// The last activities of running jobs.
    activities: HashMap<usize, (usize, Task, String)>,
}

impl PlainLog {
    /// Writes lines to `out`.
    pub(crate) fn new(lines: LineFormatter, out: Box<dyn Write + Send>) -> Self {
        Self {
            lines,
            began: Instant::now(),
            state: Mutex::new(PlainLogState { out, activities: HashMap::new() }),
        }
    }
}

impl Observer for PlainLog {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.began.elapsed();
        let text = match event {
            Event::JobStarted { job, element, task } => {
                state.activities.insert(*job, (*element, *task, String::new()));
                self.lines.of(event, elapsed)
            }
            Event::Progress { job, activity, .. } => match state.activities.get_mut(job) {
                Some((element, task, last)) if last != activity => {
                    last.clone_from(activity);
                    self.lines.progress(elapsed, *element, *task, activity)
                }
                _ => String::new(),
            },
            Event::JobEnded { job, .. } => {
                state.activities.remove(job);
                self.lines.of(event, elapsed)
            }
            _ => self.lines.of(event, elapsed),
        };
        if !text.is_empty() {
            // A build does not stop because nobody reads its log any more.
            let _ = state.out.write_all(text.as_bytes()).and_then(|()| state.out.flush());
        }
    }
}
