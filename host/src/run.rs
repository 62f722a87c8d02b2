//! Runs the jobs of a session for a user: draws progress, asks about failures, handles signals.

mod failure_prompt;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::stderr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use failure_prompt::FailurePrompt;
use spec_scheduler::{Control, Observer, OnError, Options, Task};
use spec_session::{FanOut, RunRequest, SessionInfo, SessionRemotes};
use tokio::sync::mpsc;

use crate::app::App;
use crate::error::{CommandError, CommandResult};
use crate::term::{
    FailureHelper, JsonEvents, LineFormatter, LiveView, PlainLog, Style, UserFormat, Verbosity,
};
use crate::{cli, exit_code, signals};

/// How many requests to the running session may wait.
const MAX_WAITING_REQUESTS: usize = 64;

/// How many elements are primed at a time.
const MAX_PRIME_JOBS: usize = 64;

/// Runs the jobs to their end and returns the exit code. `helper` helps the user with failures.
///
/// # Errors
/// When a log cannot be opened or threads cannot be started. A failed job is no error.
pub(crate) fn run(app: &App, request: RunRequest, helper: Arc<dyn FailureHelper>) -> CommandResult<ExitCode> {
    let info = Arc::new(request.info.clone());
    let live = app.watched().then(|| Arc::new(live(app, &info, &request.remotes)));
    let mut observers = observers(app, &info, live.as_ref())?;
    let (sender, control) = mpsc::channel(MAX_WAITING_REQUESTS);
    let asks = app.interactive() && app.globals.on_error.is_none();
    // A session without jobs needs neither questions nor signals.
    if !request.is_empty() {
        let interrupts_suspended = Arc::new(AtomicBool::new(false));
        if let (true, Some(live)) = (asks, live) {
            let suspended = interrupts_suspended.clone();
            let prompt = FailurePrompt::start(live, app.err, info, helper, sender.clone(), suspended);
            observers.push(Arc::new(prompt));
        }
        // A session that is over takes no requests, and needs none.
        signals::on_first(interrupts_suspended, move || _ = sender.blocking_send(Control::Terminate))?;
    }
    let summary = spec_session::run(request, &options(app, asks), Arc::new(FanOut(observers)), control)?;
    Ok(exit_code::of_summary(&summary))
}

fn options(app: &App, asks: bool) -> Options {
    let config = &app.config;
    let on_error = match config.on_error {
        _ if asks => OnError::Ask,
        cli::OnError::Continue => OnError::Continue,
        cli::OnError::Quit => OnError::Quit,
        cli::OnError::Terminate => OnError::Terminate,
    };
    let (builders, fetchers) = (config.builders as usize, config.fetchers as usize);
    let pushers = config.pushers as usize;
    // A job that primes mostly waits for executions, which have limits of their own.
    let limits = [
        (Task::Build, builders),
        (Task::Fetch, fetchers),
        (Task::Track, fetchers),
        (Task::Prime, MAX_PRIME_JOBS),
        (Task::Pull, fetchers),
        (Task::Push, pushers),
        (Task::SourcePush, pushers),
    ];
    Options { limits: BTreeMap::from(limits), on_error }
}

fn lines(app: &App, info: &Arc<SessionInfo>, style: Style, verbosity: Verbosity) -> LineFormatter {
    let (error_lines, message_lines) = (app.config.error_lines, app.config.message_lines);
    let format = app.config.message_format.clone();
    let format = format.map(|format| UserFormat { format, began: SystemTime::now() });
    LineFormatter { info: info.clone(), style, error_lines, message_lines, verbosity, format }
}

fn live(app: &App, info: &Arc<SessionInfo>, remotes: &SessionRemotes) -> LiveView {
    let size = || {
        let size = rustix::termios::tcgetwinsize(stderr()).ok();
        let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or((80, 24), |size| (usize::from(size.ws_col), usize::from(size.ws_row)))
    };
    let lines = lines(app, info, app.err, Verbosity::Ends);
    LiveView::new(lines, remotes.clone(), Box::new(stderr()), size)
}

fn observers(
    app: &App,
    info: &Arc<SessionInfo>,
    live: Option<&Arc<LiveView>>,
) -> CommandResult<Vec<Arc<dyn Observer>>> {
    let verbosity = if app.config.verbose { Verbosity::Progress } else { Verbosity::Jobs };
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    match live {
        Some(live) => observers.push(live.clone()),
        None => {
            observers.push(Arc::new(PlainLog::new(lines(app, info, app.err, verbosity), Box::new(stderr()))))
        }
    }
    if let Some(path) = &app.globals.log_file {
        let lines = lines(app, info, Style::Plain, verbosity);
        observers.push(Arc::new(PlainLog::new(lines, Box::new(create(path)?))));
    }
    if let Some(path) = &app.globals.json_events {
        observers.push(Arc::new(JsonEvents::new(info.clone(), Box::new(create(path)?))));
    }
    Ok(observers)
}

fn create(path: &Path) -> CommandResult<File> {
    File::create(path).map_err(|error| CommandError::io(&format!("create {}", path.display()), &error))
}
