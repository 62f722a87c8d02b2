//! Prepares builds and fetches: decides which jobs are needed.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use spec_cas::{CasError, EvictionReport, Quota};
use spec_scheduler::{Graph, Task};
use spec_source::SourceError;

use crate::build_work::BuildWork;
use crate::element_state::ElementState;
use crate::error::{Result, SessionError};
use crate::gc::{GcOptions, GcThread};
use crate::job_graph::{RequiredWork, build_graph, single_task_graph};
use crate::run::RunRequest;
use crate::session::Session;
use crate::speculation::{SessionPurpose, Speculation, SpeculationSettings};

/// The options of a build.
pub struct BuildOptions {
    /// Whether what failed before is built again.
    pub retry_failed: bool,
    /// How speculative actions are predicted and run.
    pub speculation: SpeculationSettings,
    /// The size within which the cache is kept.
    pub quota: Quota,
}

/// A build of elements, and what runs beside it until it is dropped.
pub struct Build {
    gc: Option<(GcThread, Receiver<EvictionResult>)>,
}

type EvictionResult = Result<EvictionReport, CasError>;

impl Build {
    /// Decides what has to be built for `required`, and starts what runs beside the jobs.
    ///
    /// # Errors
    /// When sources have no reference or a wrong one, when a policy cannot be loaded, or when the store fails.
    pub fn prepare(
        session: &Arc<Session>,
        required: &[usize],
        options: &BuildOptions,
    ) -> Result<(Self, RunRequest)> {
        let states = session.element_states()?;
        let retry_failed = options.retry_failed;
        let works = required_works(session, &states, retry_failed)?;
        let graph =
            build_graph(required, &|element| works[element], &|element| session.project.build_scope(element));
        check_references(session, &states, &graph)?;
        let gc = if graph.jobs().is_empty() { None } else { Some(start_gc(session, options.quota)?) };
        let speculation = start_speculation(session, &graph, &states, &options.speculation)?;
        let work = BuildWork::new(session.clone(), &states, retry_failed, speculation.clone());
        let final_messages =
            move || speculation.as_ref().map(|speculation| speculation.finish()).unwrap_or_default();
        let info = session.info("build", Some(&states));
        let request =
            RunRequest { info, graph, work: Arc::new(work), final_messages: Box::new(final_messages) };
        Ok((Self { gc }, request))
    }

    /// Ends what runs beside the jobs. Returns the result of the last eviction from the cache, if there was one.
    #[must_use]
    pub fn finish(self) -> Option<Result<EvictionReport, CasError>> {
        let (thread, evictions) = self.gc?;
        drop(thread);
        evictions.try_iter().last()
    }
}

/// The jobs that bring the sources of these elements into the cache.
///
/// # Errors
/// When a reference is wrong, or when the store fails.
pub fn fetch(session: &Arc<Session>, elements: &[usize]) -> Result<RunRequest> {
    let mut needed = Vec::new();
    for &element in elements {
        let sources = session.sources(element);
        // A file that is read in place may be deleted later, so its tree is stored in the cache.
        if sources.sources().next().is_some() && sources.cached()?.is_none() {
            sources.check().map_err(SessionError::SourceDeclaration)?;
            needed.push(element);
        }
    }
    Ok(RunRequest {
        info: session.info("fetch", None),
        graph: single_task_graph(&needed, Task::Fetch),
        work: Arc::new(BuildWork::new(session.clone(), &[], false, None)),
        final_messages: Box::new(Vec::new),
    })
}

pub(crate) fn required_works(
    session: &Session,
    states: &[ElementState],
    retry: bool,
) -> Result<Vec<RequiredWork>> {
    let work = |(element, state): (usize, &ElementState)| {
        Ok(match state {
            ElementState::Cached(_) => RequiredWork::Nothing,
            ElementState::Failed(_) if !retry => RequiredWork::ReportFailure,
            ElementState::Failed(_) => RequiredWork::Build { fetch: session.fetch_needed(element)? },
            ElementState::FetchNeeded => RequiredWork::Build { fetch: true },
            ElementState::NoReference | ElementState::Waiting | ElementState::Buildable => {
                RequiredWork::Build { fetch: false }
            }
        })
    };
    states.iter().enumerate().map(work).collect()
}

/// The elements that a build of `required` would build, dependencies first.
pub(crate) fn elements_to_build(session: &Session, required: &[usize], works: &[RequiredWork]) -> Vec<usize> {
    let graph =
        build_graph(required, &|element| works[element], &|element| session.project.build_scope(element));
    builds(&graph)
}

/// The elements that have a job that builds, dependencies first.
fn builds(graph: &Graph) -> Vec<usize> {
    let jobs = graph.jobs().iter().filter(|job| job.task == Task::Build);
    let mut elements: Vec<usize> = jobs.map(|job| job.element).collect();
    elements.sort_unstable();
    elements
}

/// Nothing can be built without the references of its sources, and nothing is downloaded while one is wrong.
pub(crate) fn check_references(session: &Session, states: &[ElementState], graph: &Graph) -> Result<()> {
    for job in graph.jobs().iter().filter(|job| job.task == Task::Fetch) {
        match session.sources(job.element).check() {
            Err(SourceError::NoRef { .. }) | Ok(()) => {}
            Err(error) => return Err(SessionError::SourceDeclaration(error)),
        }
    }
    let without = |element: &usize| matches!(states[*element], ElementState::NoReference);
    let mut missing: Vec<usize> = graph.jobs().iter().map(|job| job.element).filter(without).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let elements = missing.iter().map(|element| session.name(*element)).collect();
    Err(SessionError::MissingReferences { elements })
}

/// The results of evictions wait until the build has ended.
fn start_gc(session: &Session, quota: Quota) -> Result<(GcThread, Receiver<EvictionResult>)> {
    let (sender, receiver) = mpsc::channel();
    let on_eviction = Box::new(move |result| _ = sender.send(result));
    let options = GcOptions { stores: vec![session.cas.clone()], quota, grace: None, on_eviction };
    Ok((GcThread::start(options)?, receiver))
}

fn start_speculation(
    session: &Arc<Session>,
    graph: &Graph,
    states: &[ElementState],
    settings: &SpeculationSettings,
) -> Result<Option<Arc<Speculation>>> {
    let files = states.iter().map(ElementState::files).collect();
    Speculation::start(session, settings, &builds(graph), files, SessionPurpose::Build)
}
