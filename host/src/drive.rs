//! Runs the jobs of a session: draws, asks, obeys signals.

mod asker;
mod ending;
mod signals;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::stderr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use asker::Asker;
use ending::Ending;
pub(crate) use ending::LastWords;
use spec_scheduler::{Event, Graph, Observer, OnError, Options, Summary, Task, Work, run};
use tokio::sync::mpsc;

use crate::app::App;
use crate::cli;
use crate::error::{CommandError, CommandResult};
use crate::term::{Detail, Fan, Helper, JsonEvents, Lines, Live, Plain, Roster, Style};

/// How many requests to a running session may wait.
const REQUESTS: usize = 64;
/// How long threads of jobs may take to end after the last job.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a session runs, and who helps when it fails.
pub(crate) struct Errand {
    /// The jobs.
    pub(crate) graph: Graph,
    /// What they do.
    pub(crate) work: Arc<dyn Work>,
    /// What they are called.
    pub(crate) roster: Roster,
    /// Who helps to look into failures.
    pub(crate) helper: Arc<dyn Helper>,
    /// What is to be said when the jobs are over.
    pub(crate) last_words: LastWords,
}

/// Runs the jobs to their end and tells how it ended.
///
/// # Errors
/// When a log cannot be opened or threads cannot be started. A failed job is no error.
pub(crate) fn drive(app: &App, errand: Errand) -> CommandResult<ExitCode> {
    let roster = Arc::new(errand.roster);
    let live = app.watched().then(|| Arc::new(live(app, &roster)));
    let mut observers = watchers(app, &roster, live.as_ref())?;
    if errand.graph.jobs().is_empty() {
        // Nothing to do needs neither threads nor signals.
        return Ok(exit_code(&nothing(&Fan(observers))));
    }
    let (control, requests) = mpsc::channel(REQUESTS);
    let busy = Arc::new(AtomicBool::new(false));
    let ask = app.interactive() && app.globals.on_error.is_none();
    if let (true, Some(live)) = (ask, live) {
        observers.push(Arc::new(Asker::new(
            live,
            app.err,
            roster,
            errand.helper,
            control.clone(),
            busy.clone(),
        )));
    }
    let options = options(app, ask);
    let observer: Arc<dyn Observer> = Arc::new(Ending::new(Fan(observers), errand.last_words));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::io("start the runtime", &error))?;
    let summary: CommandResult<Summary> = runtime.block_on(async {
        signals::obey(control.clone(), busy)
            .map_err(|error| CommandError::io("listen to signals", &error))?;
        Ok(run(&errand.graph, errand.work, &options, observer, requests).await)
    });
    // The last thread of a job cleans up; one that does not end must not keep the program from ending.
    runtime.shutdown_timeout(FAREWELL);
    Ok(exit_code(&summary?))
}

fn exit_code(summary: &Summary) -> ExitCode {
    ExitCode::from(match (summary.interrupted, summary.failed.is_empty()) {
        (true, _) => 130,
        (false, false) => 1,
        (false, true) => 0,
    })
}

fn nothing(observer: &Fan) -> Summary {
    let summary = Summary { elapsed: Duration::ZERO, ..Summary::default() };
    observer.event(&Event::Started { jobs: Vec::new() });
    observer.event(&Event::Ended(summary.clone()));
    summary
}

fn options(app: &App, ask: bool) -> Options {
    let config = &app.config;
    let on_error = match config.on_error {
        _ if ask => OnError::Ask,
        cli::OnError::Continue => OnError::Continue,
        cli::OnError::Quit => OnError::Quit,
        cli::OnError::Terminate => OnError::Terminate,
    };
    let (builders, fetchers) = (config.builders as usize, config.fetchers as usize);
    let limits = [(Task::Build, builders), (Task::Fetch, fetchers), (Task::Track, fetchers)];
    Options { limits: BTreeMap::from(limits), on_error }
}

fn lines(app: &App, roster: &Arc<Roster>, style: Style, detail: Detail) -> Lines {
    let (error_lines, message_lines) = (app.config.error_lines, app.config.message_lines);
    Lines { roster: roster.clone(), style, error_lines, message_lines, detail }
}

fn live(app: &App, roster: &Arc<Roster>) -> Live {
    let size = || {
        let size = rustix::termios::tcgetwinsize(stderr()).ok();
        let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or((80, 24), |size| (usize::from(size.ws_col), usize::from(size.ws_row)))
    };
    Live::new(lines(app, roster, app.err, Detail::Ends), Box::new(stderr()), size)
}

fn watchers(
    app: &App,
    roster: &Arc<Roster>,
    live: Option<&Arc<Live>>,
) -> CommandResult<Vec<Arc<dyn Observer>>> {
    let detail = if app.config.verbose { Detail::Progress } else { Detail::Jobs };
    let mut watchers: Vec<Arc<dyn Observer>> = Vec::new();
    match live {
        Some(live) => watchers.push(live.clone()),
        None => watchers.push(Arc::new(Plain::new(lines(app, roster, app.err, detail), Box::new(stderr())))),
    }
    if let Some(path) = &app.globals.log_file {
        let lines = lines(app, roster, Style::Plain, detail);
        watchers.push(Arc::new(Plain::new(lines, Box::new(create(path)?))));
    }
    if let Some(path) = &app.globals.json_events {
        watchers.push(Arc::new(JsonEvents::new(roster.clone(), Box::new(create(path)?))));
    }
    Ok(watchers)
}

fn create(path: &Path) -> CommandResult<File> {
    File::create(path).map_err(|error| CommandError::io(&format!("create {}", path.display()), &error))
}
