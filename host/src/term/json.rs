//! Events as lines of JSON. `docs/json-events.md` describes them; existing fields must not change.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};
use spec_scheduler::{Event, Failure, JobEnd, Message, MessageLevel, Observer, Summary, Task};

use spec_session::SessionInfo;

use super::text;

/// Raised when a field changes its meaning or goes away.
const SCHEMA: u32 = 1;
/// The shortest time between two lines about the same activity of a job.
const PROGRESS: Duration = Duration::from_millis(100);

/// Writes every event as a line of JSON.
pub(crate) struct JsonEvents {
    info: Arc<SessionInfo>,
    began: Instant,
    state: Mutex<JsonLog>,
}

struct JsonLog {
    out: Box<dyn Write + Send>,
    progress: HashMap<usize, (String, Instant)>,
}

impl JsonEvents {
    /// Lines go to `out`, which is flushed after each.
    pub(crate) fn new(info: Arc<SessionInfo>, out: Box<dyn Write + Send>) -> Self {
        let state = JsonLog { out, progress: HashMap::new() };
        Self { info, began: Instant::now(), state: Mutex::new(state) }
    }
}

impl Observer for JsonEvents {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::Progress { job, activity, .. } = event {
            let now = Instant::now();
            let same = |(last, at): &(String, Instant)| last == activity && now < *at + PROGRESS;
            if state.progress.get(job).is_some_and(same) {
                return;
            }
            state.progress.insert(*job, (activity.clone(), now));
        }
        let mut line = object(event, &self.info, self.began.elapsed());
        if let (Event::Started { .. }, Some(fields)) = (event, line.as_object_mut()) {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            fields.insert("time".to_owned(), json!(seconds(now)));
        }
        // A build does not stop because nobody reads its events any more.
        let _ = writeln!(state.out, "{}", text::json_text(&line, false)).and_then(|()| state.out.flush());
    }
}

/// The JSON object of an event.
fn object(event: &Event, info: &SessionInfo, elapsed: Duration) -> Value {
    let (name, fields) = match event {
        Event::Started { jobs } => ("session-start", started(info, jobs)),
        Event::JobsAdded { jobs } => ("jobs-added", json!({"jobs": counted(jobs)})),
        Event::JobStarted { job, element, task } => ("job-start", of_job(info, *job, *element, *task)),
        Event::Progress { job, activity, done } => ("progress", progress(*job, activity, *done)),
        Event::Message(message) => ("message", said(info, message)),
        Event::JobEnded { job, element, task, end, elapsed } => {
            ("job-end", ended(of_job(info, *job, *element, *task), end, *elapsed))
        }
        Event::Ended(summary) => ("session-end", summed(info, summary)),
    };
    let mut object = Map::new();
    object.insert("event".to_owned(), json!(name));
    object.insert("elapsed".to_owned(), json!(seconds(elapsed)));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object)
}

/// Seconds with three digits after the point.
fn seconds(duration: Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

fn started(info: &SessionInfo, jobs: &[(Task, usize)]) -> Value {
    let elements = info.elements.iter().map(|element| {
        json!({"name": element.name, "kind": element.kind, "key": key(&element.key), "state": element.state})
    });
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "command": info.command,
        "project": {"name": info.project, "directory": info.directory.display().to_string()},
        "targets": info.targets,
        "elements": elements.collect::<Vec<_>>(),
        "jobs": counted(jobs),
    })
}

fn counted(jobs: &[(Task, usize)]) -> Value {
    Value::Object(jobs.iter().map(|(task, n)| (task.to_string(), json!(n))).collect())
}

fn key(key: &str) -> Value {
    if key.is_empty() { Value::Null } else { json!(key) }
}

fn of_job(info: &SessionInfo, job: usize, element: usize, task: Task) -> Value {
    let (name, key) = (info.name(element), key(info.key(element)));
    json!({"job": job, "task": task.to_string(), "element": name, "key": key})
}

fn progress(job: usize, activity: &str, done: Option<(u64, u64)>) -> Value {
    let total = done.map(|(_, total)| total).filter(|total| *total > 0);
    json!({"job": job, "activity": activity, "done": done.map(|(done, _)| done), "total": total})
}

fn said(info: &SessionInfo, message: &Message) -> Value {
    let level = match message.level {
        MessageLevel::Info => "info",
        MessageLevel::Warning => "warning",
    };
    let mut fields = json!({
        "level": level,
        "reason": message.reason,
        "element": message.element.map(|element| info.name(element)),
        "text": message.text,
        "detail": message.detail,
    });
    if !message.figures.is_empty() {
        let figures = message.figures.iter().map(|(name, number)| (name.clone(), json!(number)));
        fields["figures"] = Value::Object(figures.collect());
    }
    if !message.labels.is_empty() {
        let labels = message.labels.iter().map(|(name, word)| (name.clone(), json!(word)));
        fields["labels"] = Value::Object(labels.collect());
    }
    fields
}

fn ended(mut fields: Value, end: &JobEnd, duration: Duration) -> Value {
    let (result, failure) = match end {
        JobEnd::Done => ("done", None),
        JobEnd::Unneeded => ("unneeded", None),
        JobEnd::Superseded => ("superseded", None),
        JobEnd::Absent => ("absent", None),
        JobEnd::Failed(failure) => ("failed", Some(failed(failure))),
        JobEnd::Cancelled => ("cancelled", None),
        JobEnd::Skipped => ("skipped", None),
    };
    fields["result"] = json!(result);
    fields["duration"] = json!(seconds(duration));
    if let Some(failure) = failure {
        fields["failure"] = failure;
    }
    fields
}

fn failed(failure: &Failure) -> Value {
    let below: Vec<_> = failure.lines_below().into_iter().chain(failure.hint.clone()).collect();
    json!({
        "reason": failure.reason,
        "blame": failure.blame.as_str(),
        "message": failure.message,
        "detail": (!below.is_empty()).then(|| below.join("\n")),
        "place": failure.position.as_ref().map(ToString::to_string),
        "hint": failure.hint,
        "command": failure.command,
        "exit-code": failure.exit_code,
        "log": failure.log.as_ref().map(|log| log.display().to_string()),
        "log-tail": failure.log_tail,
        "has-buildtree": failure.has_buildtree,
        "cached": failure.cached,
    })
}

fn summed(info: &SessionInfo, summary: &Summary) -> Value {
    let counts = |[done, unneeded, failed, skipped]: [usize; 4]| json!({"done": done, "unneeded": unneeded, "failed": failed, "skipped": skipped});
    json!({
        "success": summary.success(),
        "interrupted": summary.interrupted,
        "failed": summary.failed.iter().map(|element| info.name(*element)).collect::<Vec<_>>(),
        "tasks": summary.tasks.iter().map(|(task, n)| (task.to_string(), counts(*n))).collect::<Map<_, _>>(),
    })
}
