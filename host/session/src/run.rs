//! Runs the jobs of a session.

use std::sync::Arc;
use std::time::Duration;

use spec_recording::SessionRecorder;
use spec_scheduler::{Control, Event, Graph, Job, Message, Observer, Options, Summary, Task, Work};
use tokio::sync::mpsc;

use crate::error::{Result, SessionError};
use crate::session::Session;
use crate::session_info::SessionInfo;
use crate::session_messages::SessionMessages;
use crate::session_recording;
use crate::session_remotes::SessionRemotes;

/// How long threads of jobs may take to end after the last job.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// The messages that are sent after the last job and before the end of the session.
pub type FinalMessages = Box<dyn Fn() -> Vec<Message> + Send + Sync>;

/// The jobs of a session.
pub struct RunRequest {
    /// The session, for an observer.
    pub info: SessionInfo,
    pub(crate) graph: Graph,
    pub(crate) work: Arc<dyn Work>,
    /// What is told when the session begins.
    pub(crate) first_messages: Vec<Message>,
    pub(crate) final_messages: FinalMessages,
    pub(crate) messages: SessionMessages,
    /// The servers that the jobs use.
    pub remotes: SessionRemotes,
    pub(crate) recorder: SessionRecorder,
}

impl RunRequest {
    /// Jobs without messages before or after them.
    pub(crate) fn new(session: &Session, info: SessionInfo, graph: Graph, work: Arc<dyn Work>) -> Self {
        let (first_messages, final_messages) = (Vec::new(), Box::new(Vec::new));
        let messages = session.options.messages.clone();
        let remotes = session.options.session_remotes.clone();
        let recorder = session.options.recorder.clone();
        Self { info, graph, work, first_messages, final_messages, messages, remotes, recorder }
    }

    /// Whether there are no jobs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.graph.jobs().is_empty()
    }
}

/// Runs the jobs to their end, and tells `observer` what happens. `control` cancels them, and decides what to do about
/// failures. A failed job is no error.
///
/// # Errors
/// When a server cannot be used as it is configured, or threads cannot be started.
pub fn run(
    request: RunRequest,
    options: &Options,
    observer: Arc<dyn Observer>,
    control: mpsc::Receiver<Control>,
) -> Result<Summary> {
    if request.is_empty() {
        return Ok(run_nothing(&*observer, &request.first_messages));
    }
    let is_build = |job: &Job| matches!(job.task, Task::Build | Task::Prime);
    request.remotes.check(request.graph.jobs().iter().any(is_build))?;
    let (messages, remotes, recorder) = (request.messages, request.remotes, request.recorder);
    messages.send_to(Arc::clone(&observer));
    session_recording::record_limits(&recorder, options);
    let (first_messages, final_messages) = (request.first_messages, request.final_messages);
    let observer =
        Arc::new(MessageObserver { observer, first_messages, final_messages, messages, remotes, recorder });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SessionError::Start { what: "the runtime", error })?;
    let jobs = spec_scheduler::run(&request.graph, request.work, options, observer, control);
    let summary = runtime.block_on(jobs);
    // The last thread of a job cleans up; one that does not end must not keep the program from ending.
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    Ok(summary)
}

/// A session without jobs needs no threads.
fn run_nothing(observer: &dyn Observer, messages: &[Message]) -> Summary {
    let summary = Summary { elapsed: Duration::ZERO, ..Summary::default() };
    observer.event(&Event::Started { jobs: Vec::new() });
    messages.iter().for_each(|message| observer.event(&Event::Message(message.clone())));
    observer.event(&Event::Ended(summary.clone()));
    summary
}

/// Tells an observer the first messages after the beginning of the session, and the final ones before its end.
struct MessageObserver {
    observer: Arc<dyn Observer>,
    first_messages: Vec<Message>,
    final_messages: FinalMessages,
    messages: SessionMessages,
    remotes: SessionRemotes,
    recorder: SessionRecorder,
}

impl Observer for MessageObserver {
    fn event(&self, event: &Event) {
        session_recording::record_event(&self.recorder, event);
        if let Event::Ended(_) = event {
            self.messages.end();
            for message in (self.final_messages)() {
                self.observer.event(&Event::Message(message));
            }
            for message in self.remotes.messages() {
                self.observer.event(&Event::Message(message));
            }
        }
        self.observer.event(event);
        if let Event::Started { .. } = event {
            for message in &self.first_messages {
                self.observer.event(&Event::Message(message.clone()));
            }
        }
    }
}
