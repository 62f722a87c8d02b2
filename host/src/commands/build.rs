//! `build`

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use spec_cas::{CasError, EvictionReport};
use spec_model::UserError;
use spec_scheduler::{Graph, Task};
use spec_source::SourceError;

use super::shell::FailureHelper;
use crate::app::App;
use crate::cli::BuildArgs;
use crate::drive::{Errand, LastWords, drive};
use crate::error::{BlameUser, CommandError, CommandResult};
use crate::keeper::{self, Keeper};
use crate::plan::{Need, build_jobs};
use crate::session::{Session, SharedSession};
use crate::speculation::{Speculation, SpeculationSettings};
use crate::standing::Standing;
use crate::term::bytes;
use crate::work::Worker;

/// Builds elements.
///
/// # Errors
/// What is wrong before the first job starts.
pub(super) fn run(app: &App, args: &BuildArgs) -> CommandResult<ExitCode> {
    let session = Arc::new(Session::open(app, &args.elements)?);
    let standings = session.standings()?;
    let retry = args.retry_failed || app.config.retry_failed;
    let required = session.select(args.deps.unwrap_or(app.config.dependencies), &[])?;
    let needs = needs(&session, &standings, retry)?;
    let graph =
        build_jobs(&required, &|element| needs[element], &|element| session.project.build_scope(element));
    check_references(&session, &standings, &graph)?;
    let helper = Arc::new(FailureHelper::new(session.clone()));
    let roster = session.roster("build", Some(&standings));
    let keeper = match graph.jobs().is_empty() {
        true => None,
        false => Some(keeper(app, &session)?),
    };
    let speculation = speculation(app, args, &session, &graph, &standings)?;
    let work = Arc::new(Worker::new(session, &standings, retry, speculation.clone()));
    let last_words: LastWords =
        Box::new(move || speculation.as_ref().map(|known| known.finish()).unwrap_or_default());
    let ended = drive(app, Errand { graph, work, roster, helper, last_words });
    if let Some((keeper, news)) = keeper {
        drop(keeper);
        tell(app, news.try_iter());
    }
    ended
}

/// What is going to be run ahead of the builds of these jobs.
fn speculation(
    app: &App,
    args: &BuildArgs,
    session: &SharedSession,
    graph: &Graph,
    standings: &[Standing],
) -> CommandResult<Option<Arc<Speculation>>> {
    let builds = graph.jobs().iter().filter(|job| job.task == Task::Build);
    let mut to_build: Vec<usize> = builds.map(|job| job.element).collect();
    to_build.sort_unstable();
    let wanted =
        SpeculationSettings::new(&args.speculation, &app.config, &session.project.config).or_usage()?;
    Speculation::start(session, &wanted, &to_build, standings.iter().map(Standing::files).collect())
}

fn needs(session: &Session, standings: &[Standing], retry: bool) -> CommandResult<Vec<Need>> {
    let need = |(element, standing): (usize, &Standing)| {
        Ok(match standing {
            Standing::Cached(_) => Need::Nothing,
            Standing::Failed(_) if !retry => Need::Verdict,
            Standing::Failed(_) => Need::Build { fetch: session.fetch_needed(element)? },
            Standing::FetchNeeded => Need::Build { fetch: true },
            Standing::NoReference | Standing::Waiting | Standing::Buildable => Need::Build { fetch: false },
        })
    };
    standings.iter().enumerate().map(need).collect()
}

type News = Result<EvictionReport, CasError>;

/// Keeps the cache small; what there is to say waits until the session has ended.
fn keeper(app: &App, session: &Session) -> CommandResult<(Keeper, Receiver<News>)> {
    let quota = keeper::quota(&app.config, &session.cas)?;
    let (send, news) = mpsc::channel();
    let told = Box::new(move |news| _ = send.send(news));
    let task = keeper::Task { stores: vec![session.cas.clone()], quota, grace: None, told };
    Ok((Keeper::start(task)?, news))
}

fn tell(app: &App, news: impl Iterator<Item = News>) {
    match news.last() {
        Some(Ok(done)) if done.is_over_quota() => {
            let (takes, most) = (bytes(done.bytes_after), bytes(done.max_bytes.unwrap_or(0)));
            app.warn("cache-in-use", &format!("the cache takes {takes}, not {most}: all of it is in use"));
        }
        Some(Err(error)) => app.warn(error.reason(), &format!("the cache cannot be kept small: {error}")),
        _ => {}
    }
}

/// Nothing can be built without the references of its sources, and nothing is downloaded while one is wrong.
fn check_references(session: &Session, standings: &[Standing], graph: &Graph) -> CommandResult {
    for job in graph.jobs().iter().filter(|job| job.task == Task::Fetch) {
        match session.sources(job.element).check() {
            Err(SourceError::NoRef { .. }) | Ok(()) => {}
            wrong => wrong.or_usage()?,
        }
    }
    let without = |element: &usize| matches!(standings[*element], Standing::NoReference);
    let mut missing: Vec<usize> = graph.jobs().iter().map(|job| job.element).filter(without).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|element| session.name(*element)).collect();
    let message = format!("these elements have sources without a ref: {}", names.join(", "));
    let hint = format!("spec-host source track {}", names.join(" "));
    Err(CommandError::usage("inconsistent-pipeline", message).hint(hint))
}
