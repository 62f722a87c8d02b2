//! The commands that pull and push: `artifact pull`, `artifact push`, `source push`.

use std::sync::Arc;

use spec_model::Blame;
use spec_scheduler::{Context, Failure, Graph, Job, JobEnd, Task, Work};
use spec_shared_cache::{Pulled, Pushed};
use spec_source::SourceError;

use crate::error::{Result, SessionError};
use crate::job_failure::{self, JobResult};
use crate::job_graph::{push_graph, single_task_graph};
use crate::observers::source_watch;
use crate::run::RunRequest;
use crate::session::Session;
use crate::shared_caches::{JobMonitor, ProjectCaches, SharedCaches};
use crate::workspaces::is_kept_to_oneself;

/// Pulls and pushes elements because the user said so: unlike in a build, what cannot be done is a failure.
struct CacheWork {
    session: Arc<Session>,
    caches: Arc<SharedCaches>,
}

/// The jobs that pull the artifacts of these elements. Those of cached ones only tell so.
///
/// # Errors
/// `no-artifact-servers`; when the store fails.
pub fn pull(session: &Arc<Session>, caches: &Arc<SharedCaches>, elements: &[usize]) -> Result<RunRequest> {
    if caches.pulled_artifacts().is_none() {
        return Err(SessionError::NoServers { what: "artifact", action: "pulling" });
    }
    check_references(session, elements)?;
    let is_elsewhere = |element: &usize| {
        // What is in a workspace is nowhere else.
        can_pull(session, caches, *element) && session.project.elements[*element].workspace.is_none()
    };
    let elements: Vec<usize> = elements.iter().copied().filter(is_elsewhere).collect();
    Ok(request(session, caches, "pull", single_task_graph(&elements, Task::Pull)))
}

/// The jobs that pull the artifacts of those of the elements that are not cached.
///
/// # Errors
/// `no-artifact-servers`; when the store fails.
pub fn pull_missing(
    session: &Arc<Session>,
    caches: &Arc<SharedCaches>,
    elements: &[usize],
) -> Result<RunRequest> {
    let mut missing = Vec::new();
    for &element in elements {
        if pull_needed(session, element)? {
            missing.push(element);
        }
    }
    pull(session, caches, &missing)
}

/// The jobs that push the artifacts of these elements. What is not cached is pulled first, perhaps from another server.
///
/// # Errors
/// `no-artifact-servers`; when the store fails.
pub fn push(session: &Arc<Session>, caches: &Arc<SharedCaches>, elements: &[usize]) -> Result<RunRequest> {
    if caches.pushed_artifacts().is_none() {
        return Err(SessionError::NoServers { what: "artifact", action: "pushing" });
    }
    check_references(session, elements)?;
    let mut needed = Vec::new();
    for &element in elements {
        if can_pull(session, caches, element) && pull_needed(session, element)? {
            needed.push(element);
        }
    }
    let graph = push_graph(elements, Task::Pull, |element| needed.contains(&element), Task::Push);
    Ok(request(session, caches, "push", graph))
}

/// The jobs that push the sources of these elements. What is not in the store is fetched first.
///
/// # Errors
/// `no-source-servers`; when the store fails.
pub fn push_sources(
    session: &Arc<Session>,
    caches: &Arc<SharedCaches>,
    elements: &[usize],
) -> Result<RunRequest> {
    if !caches.can_push_sources() {
        return Err(SessionError::NoServers { what: "source", action: "pushing" });
    }
    check_references(session, elements)?;
    let mut with_sources = Vec::new();
    let mut needed = Vec::new();
    for &element in elements {
        let sources = session.sources(element);
        if sources.sources().next().is_none() || session.project.elements[element].workspace.is_some() {
            continue;
        }
        with_sources.push(element);
        if sources.cached()?.is_none() {
            sources.check().map_err(SessionError::SourceDeclaration)?;
            needed.push(element);
        }
    }
    let is_needed = |element| needed.contains(&element);
    let graph = push_graph(&with_sources, Task::Fetch, is_needed, Task::SourcePush);
    Ok(request(session, caches, "push", graph))
}

fn request(session: &Arc<Session>, caches: &Arc<SharedCaches>, command: &str, graph: Graph) -> RunRequest {
    let work = CacheWork { session: Arc::clone(session), caches: Arc::clone(caches) };
    RunRequest::new(session, session.info(command, None), graph, Arc::new(work))
}

/// As BuildStream, refuses elements whose keys are not known.
fn check_references(session: &Session, elements: &[usize]) -> Result<()> {
    let without = elements.iter().filter(|element| session.key_pairs[**element].is_none());
    let elements: Vec<String> = without.map(|element| session.name(*element)).collect();
    if elements.is_empty() { Ok(()) } else { Err(SessionError::MissingReferences { elements }) }
}

/// Whether artifacts of the element's project can be pulled.
fn can_pull(session: &Session, caches: &SharedCaches, element: usize) -> bool {
    let servers = caches.of(&session.project.elements[element]);
    servers.is_some_and(|servers| servers.pulled_artifacts().is_some())
}

/// Whether the element's artifact, or something that is wanted of it, is not in the store.
fn pull_needed(session: &Session, element: usize) -> Result<bool> {
    // What is in a workspace is nowhere else.
    let pair = session.key_pairs[element].filter(|_| session.project.elements[element].workspace.is_none());
    let Some(pair) = pair else { return Ok(false) };
    match session.cached_artifact(element, pair)? {
        Some(artifact) => Ok(!session.has_wanted_buildtrees(&artifact)?),
        None => Ok(true),
    }
}

impl CacheWork {
    fn pull(&self, element: usize, context: &Context) -> JobResult {
        if !pull_needed(&self.session, element).map_err(job_failure::of)? {
            return Ok(JobEnd::Unneeded);
        }
        let monitor = JobMonitor::new(context, true);
        match self.session.pull(&self.caches, element, &monitor).map_err(job_failure::of)? {
            Pulled::Artifact(_) => Ok(JobEnd::Done),
            Pulled::NotThere => Ok(JobEnd::Absent),
            Pulled::Unknown => Err(failure("no server that has it answers, as the warnings above say")),
        }
    }

    fn push(&self, element: usize, context: &Context) -> JobResult {
        let servers = self.caches.of(&self.session.project.elements[element]);
        let Some(artifacts) = servers.and_then(ProjectCaches::pushed_artifacts) else {
            return Ok(JobEnd::Skipped);
        };
        let pair = self.session.key_pairs[element];
        let artifact = pair.map(|pair| self.session.cached_artifact(element, pair)).transpose();
        let Some(artifact) = artifact.map_err(job_failure::of)?.flatten() else {
            return Err(failure("its artifact is not cached, so it cannot be pushed"));
        };
        if is_kept_to_oneself(&artifact, context) {
            return Ok(JobEnd::Skipped);
        }
        if !self.session.has_buildtrees(&artifact).map_err(job_failure::of)? {
            return Err(failure("its artifact is cached without its build tree, so it cannot be pushed"));
        }
        let monitor = JobMonitor::new(context, true);
        let pushed = self.session.push(artifacts, element, &artifact, true, &monitor);
        end_of_push(pushed.map_err(job_failure::of)?)
    }

    fn can_push_sources(&self, element: usize) -> bool {
        let servers = self.caches.of(&self.session.project.elements[element]);
        servers.is_some_and(|servers| servers.pushed_sources().is_some())
    }

    fn push_sources(&self, element: usize, context: &Context) -> JobResult {
        let pushed = push_sources_of(&self.session, &self.caches, element, &JobMonitor::new(context, true));
        match pushed.map_err(job_failure::of)? {
            None if !self.can_push_sources(element) => Ok(JobEnd::Skipped),
            None => Err(failure("its sources are not in the cache, so they cannot be pushed")),
            Some(pushed) => end_of_push(pushed),
        }
    }
}

/// Pushes the sources of an element; `None` when they are not in the store.
pub(crate) fn push_sources_of(
    session: &Session,
    caches: &SharedCaches,
    element: usize,
    monitor: &JobMonitor<'_>,
) -> Result<Option<Pushed>, SourceError> {
    let sources = session.sources(element);
    let servers = caches.of(&session.project.elements[element]);
    let shared = servers.and_then(ProjectCaches::pushed_sources);
    let (Some(shared), Some(key), Some(tree)) = (shared, sources.key()?, sources.cached()?) else {
        return Ok(None);
    };
    let name = session.name(element);
    let failed = |error| SourceError::Cas { who: name.clone(), error: Box::new(error) };
    let mut outcome = Pushed::ThereAlready;
    for (kind, key, tree) in sources.single_trees()? {
        let pushed = shared.push_source(&kind, &key, &tree, monitor).map_err(failed)?;
        outcome = worse(outcome, pushed);
    }
    let pushed = shared.push_element_sources(&key, &tree, monitor).map_err(failed)?;
    Ok(Some(worse(outcome, pushed)))
}

/// What came of two pushes.
fn worse(one: Pushed, other: Pushed) -> Pushed {
    match (one, other) {
        (Pushed::Failed, _) | (_, Pushed::Failed) => Pushed::Failed,
        (Pushed::Pushed, _) | (_, Pushed::Pushed) => Pushed::Pushed,
        (Pushed::ThereAlready, Pushed::ThereAlready) => Pushed::ThereAlready,
    }
}

fn end_of_push(pushed: Pushed) -> JobResult {
    match pushed {
        Pushed::Pushed => Ok(JobEnd::Done),
        Pushed::ThereAlready => Ok(JobEnd::Unneeded),
        Pushed::Failed => Err(failure("no server takes it, as the warnings above say")),
    }
}

fn failure(message: &str) -> Box<Failure> {
    Box::new(Failure {
        reason: "shared-cache-failed".to_owned(),
        blame: Blame::Remote,
        message: message.to_owned(),
        ..Failure::default()
    })
}

impl Work for CacheWork {
    fn run(&self, job: Job, context: &Context) -> JobResult {
        match job.task {
            Task::Pull => self.pull(job.element, context),
            Task::Push => self.push(job.element, context),
            Task::SourcePush => self.push_sources(job.element, context),
            Task::Fetch => {
                let (sources, watch) = (self.session.sources(job.element), source_watch(context, "fetching"));
                let element = &self.session.project.elements[job.element];
                let fetched = match self.caches.pulled_sources_of(element) {
                    Some(cache) => sources.fetch_through(cache, &watch),
                    None => sources.fetch(&watch),
                };
                fetched.map(|_| JobEnd::Done).map_err(job_failure::of)
            }
            Task::Track | Task::Build | Task::Prime => {
                Err(failure("a session that pulls and pushes got another job"))
            }
        }
    }
}
