//! The jobs of builds: pull and push artifacts and sources, fetch sources, build elements.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use spec_artifact::{Artifact, ArtifactKeys};
use spec_build::{BuildRequest, Builder, ElementKeys};
use spec_model::{Blame, Digest, Key};
use spec_project::Scope;
use spec_project::keys::strong_description;
use spec_scheduler::{Context, Failure, Graph, Job, JobEnd, Task, Work};
use spec_shared_cache::{Pulled, Pushed};

use crate::cache_work::push_sources_of;
use crate::element_state::ElementState;
use crate::error::SessionError;
use crate::job_failure::{self, JobResult};
use crate::job_graph::{BuildPlan, RequiredWork};
use crate::observers::{ContextObserver, source_watch};
use crate::session::Session;
use crate::session_recording;
use crate::shared_caches::{JobMonitor, ProjectCaches, SharedCaches};
use crate::speculation::Speculation;
use crate::workspaces::is_kept_to_oneself;

/// Fetches the sources of elements, and builds elements, unless shared caches have them.
pub(crate) struct BuildWork {
    session: Arc<Session>,
    builder: Builder,
    retry_failed: bool,
    speculation: Option<Arc<Speculation>>,
    caches: Arc<SharedCaches>,
    /// Which jobs there are, where what cannot be pulled is built instead. A priming run has none.
    plan: Option<Mutex<BuildPlan>>,
    /// What elements need whose pulls found nothing of use.
    instead_of_pulls: Mutex<HashMap<usize, RequiredWork>>,
    /// By element, the keys of its artifact, once it is cached or being built.
    keys: Mutex<Vec<Option<ElementKeys>>>,
}

impl BuildWork {
    /// `states` are those of all elements, or empty when nothing is built. `retry_failed` builds again what failed before.
    pub(crate) fn new(
        session: Arc<Session>,
        states: &[ElementState],
        retry_failed: bool,
        caches: Arc<SharedCaches>,
        speculation: Option<Arc<Speculation>>,
    ) -> Self {
        let keys = states.iter().map(|state| state.artifact().map(|artifact| element_keys(artifact.keys)));
        let keys = Mutex::new(keys.collect());
        let mut builder = session.builder();
        if let Some(speculation) = &speculation {
            builder = builder.with_speculation(speculation.clone());
        }
        let (plan, instead_of_pulls) = (None, Mutex::default());
        Self { builder, session, retry_failed, speculation, caches, plan, instead_of_pulls, keys }
    }

    /// The same work, which adds jobs of this plan where artifacts cannot be pulled.
    pub(crate) fn with_plan(mut self, plan: BuildPlan) -> Self {
        self.plan = Some(Mutex::new(plan));
        self
    }

    /// The same work, which fails once more than `quota` bytes were stored.
    pub(crate) fn with_quota(mut self, quota: Option<u64>) -> Self {
        self.builder = self.builder.with_quota(quota);
        self
    }

    /// Pulls the artifact that an index knows. One that is not to be had is built instead; a failure is reported by the job that
    /// would have built it.
    fn pull(&self, element: usize, context: &Context) -> JobResult {
        let pulled = self.session.pull(&self.caches, element, &JobMonitor::new(context, false));
        match pulled.map_err(job_failure::of)? {
            Pulled::Artifact(artifact) if artifact.succeeded() => {
                self.artifact_cached(element, &artifact);
                return Ok(JobEnd::Done);
            }
            Pulled::Artifact(artifact) if !self.retry_failed => {
                self.set_keys(element, element_keys(artifact.keys));
                self.instead_of_pull(element, RequiredWork::ReportFailure);
                return Ok(JobEnd::Superseded);
            }
            Pulled::Artifact(_) | Pulled::NotThere | Pulled::Unknown => {}
        }
        // It may be cached without the build tree that is wanted.
        let keys = self.lock()[element];
        let cached = keys.map(|keys| self.cached(element, keys)).transpose()?.flatten();
        if cached.is_some_and(|artifact| artifact.succeeded()) {
            return Ok(JobEnd::Unneeded);
        }
        if self.plan.is_none() {
            return Ok(self.leave_to_a_build(element));
        }
        self.find_dependencies(element, context).map_err(job_failure::of)?;
        let fetch = self.session.fetch_needed(element).map_err(job_failure::of)?;
        self.instead_of_pull(element, RequiredWork::Build { fetch });
        Ok(JobEnd::Superseded)
    }

    /// A priming run does without the artifact of an element; what depends on it is not predicted.
    fn leave_to_a_build(&self, element: usize) -> JobEnd {
        self.tell_speculation(|speculation| speculation.ended(element));
        JobEnd::Superseded
    }

    /// Whether a priming run lacks an artifact that the element is composed of, as one that could not be pulled.
    fn lacks_dependencies(&self, element: usize) -> bool {
        let keys = self.lock();
        self.plan.is_none()
            && self.session.project.build_scope(element).iter().any(|below| keys[*below].is_none())
    }

    /// Looks for the artifacts of what building an element takes, as far as nobody has asked for them yet.
    fn find_dependencies(&self, element: usize, context: &Context) -> Result<(), SessionError> {
        let Some(plan) = &self.plan else { return Ok(()) };
        let lock = || plan.lock().unwrap_or_else(PoisonError::into_inner);
        let below = self.session.project.scope(&[element], Scope::All);
        let asked = lock().not_planned(below);
        let known =
            self.session.known_remotely(&self.caches, &asked, &[], &JobMonitor::new(context, false))?;
        let known = asked.into_iter().zip(known).filter(|(_, known)| *known).map(|(element, _)| element);
        lock().pull_instead(known.filter(|known| *known != element).collect());
        Ok(())
    }

    fn instead_of_pull(&self, element: usize, work: RequiredWork) {
        let mut instead = self.instead_of_pulls.lock().unwrap_or_else(PoisonError::into_inner);
        instead.insert(element, work);
    }

    /// Pushes the artifact that is cached by now. In a build, a server that does not take it is no failure.
    fn push(&self, element: usize, context: &Context) -> JobResult {
        let Some(keys) = self.lock()[element] else { return Ok(JobEnd::Unneeded) };
        match self.cached(element, keys)? {
            Some(artifact) => self.push_artifact(element, &artifact, context),
            None => Ok(JobEnd::Unneeded),
        }
    }

    fn push_artifact(&self, element: usize, artifact: &Artifact, context: &Context) -> JobResult {
        let servers = self.caches.of(&self.session.project.elements[element]);
        let Some(artifacts) = servers.and_then(ProjectCaches::pushed_artifacts) else {
            return Ok(JobEnd::Skipped);
        };
        if is_kept_to_oneself(artifact, context) {
            return Ok(JobEnd::Skipped);
        }
        // As BuildStream, which pushes no artifact that lacks its build tree.
        if !self.session.has_buildtrees(artifact).map_err(job_failure::of)? {
            return Ok(JobEnd::Unneeded);
        }
        let monitor = JobMonitor::new(context, false);
        let pushed = self.session.push(artifacts, element, artifact, false, &monitor);
        Ok(match pushed.map_err(job_failure::of)? {
            Pushed::Pushed => JobEnd::Done,
            Pushed::ThereAlready => JobEnd::Unneeded,
            Pushed::Failed => JobEnd::Skipped,
        })
    }

    fn push_sources(&self, element: usize, context: &Context) -> JobResult {
        let pushed = push_sources_of(&self.session, &self.caches, element, &JobMonitor::new(context, false));
        Ok(match pushed.map_err(job_failure::of)? {
            Some(Pushed::Pushed) => JobEnd::Done,
            Some(Pushed::ThereAlready) | None => JobEnd::Unneeded,
            Some(Pushed::Failed) => JobEnd::Skipped,
        })
    }

    fn fetch(&self, element: usize, context: &Context) -> JobResult {
        let sources = self.session.sources(element);
        if sources.cached().map_err(job_failure::of)?.is_some() {
            return Ok(JobEnd::Unneeded);
        }
        let watch = source_watch(context, "fetching");
        let fetched = match self.caches.pulled_sources_of(&self.session.project.elements[element]) {
            Some(cache) => sources.fetch_through(cache, &watch),
            None => sources.fetch(&watch),
        };
        let tree = fetched.map_err(job_failure::of)?;
        self.tell_speculation(|speculation| speculation.sources(element, tree));
        Ok(JobEnd::Done)
    }

    fn build(&self, element: usize, context: &Context) -> JobResult {
        let keys = self.own_keys(element)?;
        if let Some(artifact) = self.cached(element, keys)? {
            if artifact.succeeded() {
                self.artifact_cached(element, &artifact);
                return Ok(JobEnd::Unneeded);
            }
            if !self.retry_failed {
                return Err(job_failure::of_artifact(&artifact, self.session.options.error_lines));
            }
        }
        self.set_keys(element, keys);
        self.tell_speculation(|speculation| speculation.begins(element));
        let sources = self.stage(element, context)?;
        let all = self.lock().clone();
        let description = self.description(element, &all)?;
        let previous = self.session.previous_build(element, &all).map_err(job_failure::of)?;
        let keys_of =
            move |element: usize| all[element].expect("what a build needs was built before or is cached");
        let request = BuildRequest {
            project: &self.session.project,
            element,
            keys: &keys_of,
            previous,
            sources,
            key_description: Some(&description),
        };
        let built = self.builder.build(&request, &ContextObserver(context), &context.cancel);
        if self.cached(element, keys)?.is_some() {
            self.session.note_workspace_build(element, keys.strong).map_err(job_failure::of)?;
        }
        match built {
            Ok(built) => {
                self.artifact_cached(element, &built);
                Ok(JobEnd::Done)
            }
            Err(error) => {
                self.push_failure(element, keys, context);
                Err(job_failure::of_build(error, self.session.options.error_lines))
            }
        }
    }

    /// Pushes a failure that was cached, as BuildStream does: others need not fail for themselves.
    fn push_failure(&self, element: usize, keys: ElementKeys, context: &Context) {
        if self.caches.pushed_artifacts().is_none() || context.cancel.is_cancelled() {
            return;
        }
        // What is wrong with the build is told, and what is wrong with servers was.
        if let Ok(Some(artifact)) = self.cached(element, keys)
            && !artifact.succeeded()
        {
            let _ = self.push_artifact(element, &artifact, context);
        }
    }

    /// Stages the sources, from which the speculation loop predicts, and waits for what it primes.
    fn prime(&self, element: usize, context: &Context) -> JobResult {
        self.stage(element, context)?;
        context.progress("executing predicted actions", None);
        self.tell_speculation(|speculation| speculation.wait_until_idle(&context.cancel));
        Ok(JobEnd::Done)
    }

    /// The artifact, if it is cached by now, for example since another process built it.
    fn cached(&self, element: usize, keys: ElementKeys) -> Result<Option<Artifact>, Box<Failure>> {
        let element = &self.session.project.elements[element];
        self.session.artifacts.lookup(&element.project, &element.name, &keys.strong).map_err(job_failure::of)
    }

    /// The tree of the staged sources; `None` when the element has none.
    fn stage(&self, element: usize, context: &Context) -> Result<Option<Digest>, Box<Failure>> {
        if self.session.project.elements[element].sources.is_empty() {
            return Ok(None);
        }
        let watch = source_watch(context, "staging sources");
        let tree = self.session.sources(element).stage(&watch).map_err(job_failure::of)?;
        self.tell_speculation(|speculation| speculation.sources(element, tree));
        Ok(Some(tree))
    }

    /// The keys that the element's artifact will have with the dependencies that are cached by now.
    fn own_keys(&self, element: usize) -> Result<ElementKeys, Box<Failure>> {
        if let (Some(keys), false) = (self.lock()[element], self.retry_failed) {
            return Ok(keys);
        }
        let pair = self.session.key_pairs[element].ok_or_else(no_reference)?;
        let mut keys = ElementKeys { strong: pair.strict, strict: pair.strict, weak: pair.weak };
        if !self.session.options.strict {
            keys.strong = Key::of(self.description(element, &self.lock())?.as_bytes());
        }
        Ok(keys)
    }

    /// The canonical text of the description whose hash is the element's strong key, when its dependencies have these keys.
    fn description(&self, element: usize, known: &[Option<ElementKeys>]) -> Result<String, Box<Failure>> {
        let project = &self.session.project;
        let scope = project.build_scope(element);
        let below: Option<Vec<_>> = scope.iter().map(|below| Some((*below, known[*below]?.strong))).collect();
        let below = below.ok_or_else(no_reference)?;
        let sources = self.session.sources(element).key_text().map_err(job_failure::of)?;
        let sources = sources.ok_or_else(no_reference)?;
        let pair = self.session.key_pairs[element].ok_or_else(no_reference)?;
        Ok(strong_description(project, element, &sources, &below, pair.weak))
    }

    fn artifact_cached(&self, element: usize, artifact: &Artifact) {
        self.set_keys(element, element_keys(artifact.keys));
        self.tell_speculation(|speculation| speculation.artifact(element, artifact.trees.files));
    }

    fn tell_speculation(&self, tell: impl FnOnce(&Speculation)) {
        if let Some(speculation) = &self.speculation {
            tell(speculation);
        }
    }

    fn set_keys(&self, element: usize, keys: ElementKeys) {
        self.lock()[element] = Some(keys);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<ElementKeys>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for BuildWork {
    fn run(&self, job: Job, context: &Context) -> JobResult {
        match job.task {
            Task::Fetch => self.fetch(job.element, context),
            Task::Build if self.lacks_dependencies(job.element) => Ok(self.leave_to_a_build(job.element)),
            Task::Build => {
                let result = self.build(job.element, context);
                self.tell_speculation(|speculation| speculation.ended(job.element));
                result
            }
            Task::Prime => self.prime(job.element, context),
            Task::Pull => self.pull(job.element, context),
            Task::Push => self.push(job.element, context),
            Task::SourcePush => self.push_sources(job.element, context),
            Task::Track => Err(no_track_jobs()),
        }
    }

    fn supersede(&self, job: Job, graph: &mut Graph) -> Option<usize> {
        let mut instead = self.instead_of_pulls.lock().unwrap_or_else(PoisonError::into_inner);
        let work = instead.remove(&job.element)?;
        let mut plan = self.plan.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let first_new = graph.jobs().len();
        let by = plan.instead_of_pull(job.element, work, graph);
        session_recording::record_supersession(&self.session.options.recorder, job, graph, first_new, by);
        by
    }
}

fn no_track_jobs() -> Box<Failure> {
    Box::new(Failure {
        reason: "internal-error".to_owned(),
        message: "a session that builds or fetches was given a job that tracks".to_owned(),
        ..Failure::default()
    })
}

fn no_reference() -> Box<Failure> {
    Box::new(Failure {
        reason: "missing-ref".to_owned(),
        blame: Blame::Project,
        message: "a source of it, or of something below it, has no reference".to_owned(),
        ..Failure::default()
    })
}

fn element_keys(keys: ArtifactKeys) -> ElementKeys {
    ElementKeys { strong: keys.strong, strict: keys.strict, weak: keys.weak }
}
