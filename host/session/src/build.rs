//! Prepares builds and fetches: decides which jobs are needed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use spec_artifact::ArtifactName;
use spec_cas::{CasError, EvictionReport, Quota};
use spec_project::Scope;
use spec_scheduler::{Graph, Message, Task};
use spec_source::SourceError;

use crate::build_work::BuildWork;
use crate::element_state::ElementState;
use crate::error::{Result, SessionError};
use crate::gc::{GcOptions, GcThread};
use crate::job_graph::{BuildPlan, PushedParts, RequiredWork, single_task_graph};
use crate::run::RunRequest;
use crate::session::Session;
use crate::session_recording;
use crate::shared_caches::{KeptMessages, SharedCaches};
use crate::speculation::{self, PlannedElements, SessionPurpose, Speculation, SpeculationSettings};
use crate::start_order::start_order;

/// With more dependencies than this, only the records of what is required are asked for together with artifacts, which may all
/// be there.
const FEW_DEPENDENCIES: usize = 64;

/// The options of a build.
pub struct BuildOptions {
    /// Whether what failed before is built again.
    pub retry_failed: bool,
    /// How speculative actions are predicted and run.
    pub speculation: SpeculationSettings,
    /// Where artifacts and sources are pulled from and pushed to.
    pub caches: Arc<SharedCaches>,
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
        let (plan, graph, first_messages) = plan(session, required, &states, options)?;
        check_references(session, &states, &graph)?;
        let gc = if graph.jobs().is_empty() { None } else { Some(start_gc(session, options.quota)?) };
        session_recording::record_plan(session, "build", &options.speculation, &graph, &states);
        let speculation = start_speculation(session, &graph, &states, options)?;
        let caches = options.caches.clone();
        let work = BuildWork::new(session.clone(), &states, retry_failed, caches, speculation.clone())
            .with_plan(plan)
            .with_quota(options.quota.max_bytes);
        let final_messages =
            move || speculation.as_ref().map(|speculation| speculation.finish()).unwrap_or_default();
        let info = session.info("build", Some(&states));
        let final_messages = Box::new(final_messages);
        let request = RunRequest {
            first_messages,
            final_messages,
            ..RunRequest::new(session, info, graph, Arc::new(work))
        };
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
pub fn fetch(session: &Arc<Session>, caches: &Arc<SharedCaches>, elements: &[usize]) -> Result<RunRequest> {
    let mut needed = Vec::new();
    for &element in elements {
        let sources = session.sources(element);
        // A file that is read in place may be deleted later, so its tree is stored in the cache.
        if sources.sources().next().is_some() && sources.cached()?.is_none() {
            sources.check().map_err(SessionError::SourceDeclaration)?;
            needed.push(element);
        }
    }
    let graph = single_task_graph(&needed, Task::Fetch);
    let work = BuildWork::new(session.clone(), &[], false, caches.clone(), None);
    Ok(RunRequest::new(session, session.info("fetch", None), graph, Arc::new(work)))
}

/// Decides which jobs make `required`: what shared caches have is pulled, the rest is built. Also says what is to be told of
/// servers that failed when they were asked.
fn plan(
    session: &Session,
    required: &[usize],
    states: &[ElementState],
    options: &BuildOptions,
) -> Result<(BuildPlan, Graph, Vec<Message>)> {
    let mut works = required_works(session, states, options.retry_failed)?;
    let count = session.project.elements.len();
    let build_scopes: Vec<Vec<usize>> =
        (0..count).map(|element| session.project.build_scope(element)).collect();
    let messages = KeptMessages::default();
    find_artifacts(session, required, &mut works, &options.speculation, &options.caches, &messages)?;
    let pushed = PushedParts {
        artifacts: options.caches.pushed_artifacts().is_some(),
        sources: if options.caches.can_push_sources() {
            pushed_sources(session, &works)?
        } else {
            Vec::new()
        },
    };
    let mut plan = BuildPlan::new(works, build_scopes, pushed).with_order(start_order(&session.project));
    let mut graph = Graph::new();
    plan.require(required, &mut graph);
    Ok((plan, graph, messages.take()))
}

/// Notes which artifacts are pulled. First the indexes are asked for what is required itself; unless they have all of that,
/// for everything that building it may need, at the same time: a round trip for each level of dependencies would be long.
/// With that they are asked for records, whose pull then has the answers.
pub(crate) fn find_artifacts(
    session: &Session,
    required: &[usize],
    works: &mut [RequiredWork],
    settings: &SpeculationSettings,
    caches: &SharedCaches,
    messages: &KeptMessages,
) -> Result<()> {
    if caches.pulled_artifacts().is_none() {
        return Ok(());
    }
    if works.iter().any(|work| matches!(work, RequiredWork::Build { .. })) {
        session.options.session_remotes.check(false)?;
    }
    let mut wanted = |elements: Vec<usize>, records: &[(usize, ArtifactName)]| -> Result<bool> {
        let mut asked = Vec::new();
        for element in elements {
            let ask = match works[element] {
                // What is in a workspace is nowhere else.
                _ if session.project.elements[element].workspace.is_some() => false,
                RequiredWork::Build { .. } => true,
                RequiredWork::Nothing => lacks_buildtrees(session, element)?,
                RequiredWork::Pull | RequiredWork::ReportFailure => false,
            };
            asked.extend(ask.then_some(element));
        }
        let known = session.known_remotely(caches, &asked, records, messages)?;
        for (element, _) in asked.iter().zip(&known).filter(|(_, known)| **known) {
            works[*element] = RequiredWork::Pull;
        }
        Ok(known.iter().all(|known| *known))
    };
    if !wanted(required.to_vec(), &[])? {
        let asked: BTreeSet<usize> = required.iter().copied().collect();
        let others = session.project.scope(required, Scope::All).into_iter();
        let others: Vec<usize> = others.filter(|element| !asked.contains(element)).collect();
        let few = others.iter().filter(|_| others.len() <= FEW_DEPENDENCIES);
        let built = required.iter().chain(few).copied();
        let record = |element| Some((element, speculation::record_name(session, settings, element)?));
        let records: Vec<(usize, ArtifactName)> = built.filter_map(record).collect();
        wanted(others, &records)?;
    }
    Ok(())
}

/// Whether the cached artifact of an element lacks build trees that are wanted.
fn lacks_buildtrees(session: &Session, element: usize) -> Result<bool> {
    let Some(pair) = session.key_pairs[element] else { return Ok(false) };
    match session.cached_artifact(element, pair)? {
        Some(artifact) => Ok(!session.has_wanted_buildtrees(&artifact)?),
        None => Ok(false),
    }
}

/// By element, whether it has sources to push: it is built with them, or they are in the store.
fn pushed_sources(session: &Session, works: &[RequiredWork]) -> Result<Vec<bool>> {
    let pushed = |(element, work): (usize, &RequiredWork)| {
        if session.project.elements[element].workspace.is_some() {
            return Ok(false);
        }
        let sources = session.sources(element);
        let is_built = matches!(work, RequiredWork::Build { .. });
        Ok(sources.sources().next().is_some() && (is_built || sources.cached()?.is_some()))
    };
    works.iter().enumerate().map(pushed).collect()
}

/// By element, what it needs if it is required.
pub(crate) fn required_works(
    session: &Session,
    states: &[ElementState],
    retry: bool,
) -> Result<Vec<RequiredWork>> {
    let work = |(element, state): (usize, &ElementState)| {
        Ok(match state {
            ElementState::Cached(_) | ElementState::Junction => RequiredWork::Nothing,
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

/// The elements that have a job of this task, dependencies first.
pub(crate) fn elements_of(graph: &Graph, task: Task) -> Vec<usize> {
    let jobs = graph.jobs().iter().filter(|job| job.task == task);
    let mut elements: Vec<usize> = jobs.map(|job| job.element).collect();
    elements.sort_unstable();
    elements
}

/// What a graph of jobs is going to make.
pub(crate) fn planned_elements(graph: &Graph, states: &[ElementState]) -> PlannedElements {
    PlannedElements {
        to_build: elements_of(graph, Task::Build),
        to_pull: elements_of(graph, Task::Pull),
        files: states.iter().map(ElementState::files).collect(),
    }
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
    let in_workspaces = |element: &&usize| session.project.elements[**element].workspace.is_some();
    let gone: Vec<String> =
        missing.iter().filter(in_workspaces).map(|element| session.name(*element)).collect();
    if !gone.is_empty() {
        return Err(SessionError::MissingWorkspaces { elements: gone });
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
    options: &BuildOptions,
) -> Result<Option<Arc<Speculation>>> {
    let planned = planned_elements(graph, states);
    Speculation::start(session, &options.speculation, planned, &options.caches, SessionPurpose::Build)
}
