//! The shared caches of a session: which servers count, and what elements pull from them and push to them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spec_action::record::ActionNeeds;
use spec_artifact::{Artifact, ArtifactName};
use spec_cas::{Cas, Limits};
use spec_model::{Cancel, Digest, KeyPair};
use spec_project::{Element, ProjectConfig};
use spec_remote::Remote;
use spec_scheduler::{Context, Message};
use spec_shared_cache::{
    CacheMonitor, CacheRuntime, CacheServerOptions, PullOptions, Pulled, Pushed, SharedArtifacts,
    SharedCacheError, SharedSources,
};
use spec_source::SourceCache;

use crate::error::{Result, SessionError};
use crate::gc::own_record_needs;
use crate::recommended_servers::RecommendedServers;
use crate::remotes::{CommandLineRemotes, RemoteSpec};
use crate::session::Session;
use crate::session_remotes::{CheckedRemote, RemoteGroup, RemoteRole};

/// The servers of shared caches that a session uses, of artifacts and of sources. Without servers, nothing is pulled or
/// pushed.
#[derive(Debug)]
pub struct SharedCaches {
    /// By project, the top-level one first, the place of its servers in `groups`.
    projects: Vec<usize>,
    /// The servers that count for some project; no two are the same.
    groups: Vec<ProjectCaches>,
}

/// The servers that count for the elements of a project.
#[derive(Debug)]
pub(crate) struct ProjectCaches {
    artifacts: Option<SharedArtifacts>,
    sources: Option<SharedSources>,
    /// The configured servers of both, in their order.
    specs: [Vec<RemoteSpec>; 2],
}

impl SharedCaches {
    /// The servers that count for a session: those of artifacts and those of sources, each if the command uses them. Nothing
    /// is asked of them yet.
    ///
    /// # Errors
    /// When a file with a credential cannot be used, or the system gives no threads.
    pub fn of_session(
        session: &Session,
        artifacts: Option<&CommandLineRemotes>,
        sources: Option<&CommandLineRemotes>,
    ) -> Result<Arc<Self>> {
        let (options, project) = (&session.options, &session.project);
        let configs = [&project.config].into_iter().chain(project.subprojects.iter().map(|sub| &sub.config));
        let of_project = |(config, own): (&ProjectConfig, &RecommendedServers)| {
            let (name, remotes) = (&config.name, &options.remotes);
            [
                artifacts
                    .map(|line| remotes.artifact_servers(name, &own.artifacts, line))
                    .unwrap_or_default(),
                sources.map(|line| remotes.source_servers(name, &own.sources, line)).unwrap_or_default(),
            ]
        };
        let specs: Vec<ServersOfProject> = configs.zip(&session.recommended).map(of_project).collect();
        let caches = Self::of_projects(specs, &session.cas, options.sources.trees, options.key_length)?;
        if !caches.groups.is_empty() {
            options.session_remotes.add(Arc::<Self>::clone(&caches));
        }
        Ok(caches)
    }

    /// These servers, best first.
    ///
    /// # Errors
    /// As [`of_session`](Self::of_session).
    pub fn of_servers(
        artifacts: &[RemoteSpec],
        sources: &[RemoteSpec],
        cas: &Cas,
        trees: Limits,
        key_length: usize,
    ) -> Result<Arc<Self>> {
        Self::of_projects(vec![[artifacts.to_vec(), sources.to_vec()]], cas, trees, key_length)
    }

    fn of_projects(
        projects: Vec<ServersOfProject>,
        cas: &Cas,
        trees: Limits,
        key_length: usize,
    ) -> Result<Arc<Self>> {
        if projects.iter().flatten().all(Vec::is_empty) {
            return Ok(Arc::new(Self { projects: Vec::new(), groups: Vec::new() }));
        }
        let runtime = CacheRuntime::start().map_err(SharedCacheError::Start)?;
        let mut caches = Self { projects: Vec::with_capacity(projects.len()), groups: Vec::new() };
        for specs in projects {
            let known = caches.groups.iter().position(|group| group.specs == specs);
            caches.projects.push(known.unwrap_or(caches.groups.len()));
            if known.is_none() {
                caches.groups.push(ProjectCaches::new(specs, &runtime, cas, trees, key_length)?);
            }
        }
        Ok(Arc::new(caches))
    }

    /// The servers that count for an element of the session.
    pub(crate) fn of(&self, element: &Element) -> Option<&ProjectCaches> {
        let project = element.subproject.map_or(0, |index| index + 1);
        self.projects.get(project).map(|group| &self.groups[*group])
    }

    /// The artifacts of the servers of the first project from whose servers some can be pulled.
    #[must_use]
    pub fn pulled_artifacts(&self) -> Option<&SharedArtifacts> {
        self.groups.iter().find_map(ProjectCaches::pulled_artifacts)
    }

    /// The artifacts of the servers of the first project to whose servers some can be pushed.
    #[must_use]
    pub fn pushed_artifacts(&self) -> Option<&SharedArtifacts> {
        self.groups.iter().find_map(ProjectCaches::pushed_artifacts)
    }

    /// The servers from which artifacts can be pulled, with what says for which elements they count.
    pub(crate) fn pulled_groups(
        &self,
    ) -> impl Iterator<Item = (&SharedArtifacts, impl Fn(&Element) -> bool + '_)> {
        self.groups.iter().filter_map(move |group| {
            let counts =
                move |element: &Element| self.of(element).is_some_and(|own| std::ptr::eq(own, group));
            Some((group.pulled_artifacts()?, counts))
        })
    }

    /// Pulls those of `blobs` that the store lacks from whichever servers have them. What none has stays missing.
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub(crate) fn pull_blobs(
        &self,
        blobs: &[Digest],
        monitor: &dyn CacheMonitor,
    ) -> std::result::Result<(), SharedCacheError> {
        self.pulled_groups().try_for_each(|(artifacts, _)| artifacts.pull_blobs(blobs, monitor))
    }

    /// Whether the sources of some project can be pushed.
    pub(crate) fn can_push_sources(&self) -> bool {
        self.groups.iter().any(|group| group.pushed_sources().is_some())
    }

    /// The servers from which sources of an element can be pulled.
    #[must_use]
    pub fn pulled_sources_of(&self, element: &Element) -> Option<&dyn SourceCache> {
        self.of(element)?.pulled_sources()
    }
}

/// The servers of artifacts and of sources that count for one project.
type ServersOfProject = [Vec<RemoteSpec>; 2];

impl ProjectCaches {
    fn new(
        specs: ServersOfProject,
        runtime: &CacheRuntime,
        cas: &Cas,
        trees: Limits,
        key_length: usize,
    ) -> Result<Self> {
        let servers = |specs: &[RemoteSpec]| {
            let server = |spec: &RemoteSpec| {
                let (index, storage) = (spec.kind.is_index(), spec.kind.is_storage());
                Ok(CacheServerOptions { remote: spec.options(trees)?, index, storage, push: spec.push })
            };
            specs.iter().map(server).collect::<Result<Vec<_>>>()
        };
        let (artifacts, sources) = (servers(&specs[0])?, servers(&specs[1])?);
        let has = |servers: &Vec<CacheServerOptions>| !servers.is_empty();
        let artifacts = Some(artifacts).filter(has);
        let artifacts =
            artifacts.map(|servers| SharedArtifacts::new(servers, runtime.clone(), cas, key_length));
        let sources = Some(sources).filter(has);
        let sources = sources.map(|servers| SharedSources::new(servers, runtime.clone(), cas, key_length));
        Ok(Self { artifacts, sources, specs })
    }

    /// The artifacts of the servers, if these can be pulled.
    pub(crate) fn pulled_artifacts(&self) -> Option<&SharedArtifacts> {
        self.artifacts.as_ref().filter(|artifacts| artifacts.servers().can_pull())
    }

    /// The artifacts of the servers, if these can be pushed.
    pub(crate) fn pushed_artifacts(&self) -> Option<&SharedArtifacts> {
        self.artifacts.as_ref().filter(|artifacts| artifacts.servers().can_push())
    }

    /// The sources of the servers, if these can be pulled.
    fn pulled_sources(&self) -> Option<&dyn SourceCache> {
        let sources = self.sources.as_ref().filter(|sources| sources.servers().can_pull());
        sources.map(|sources| sources as &dyn SourceCache)
    }

    /// The sources of the servers, if these can be pushed.
    pub(crate) fn pushed_sources(&self) -> Option<&SharedSources> {
        self.sources.as_ref().filter(|sources| sources.servers().can_push())
    }
}

impl RemoteGroup for SharedCaches {
    fn connections(&self) -> Vec<(Vec<RemoteRole>, Remote)> {
        let groups = || self.groups.iter();
        let artifacts = groups().filter_map(|group| group.artifacts.as_ref());
        let artifacts = artifacts.flat_map(|artifacts| artifacts.servers().connections());
        let sources = groups().filter_map(|group| group.sources.as_ref());
        let sources = sources.flat_map(|sources| sources.servers().connections());
        let artifacts = artifacts.map(|remote| (vec![RemoteRole::Artifacts], remote));
        artifacts.chain(sources.map(|remote| (vec![RemoteRole::Sources], remote))).collect()
    }

    fn check(&self, limit: Duration) -> Vec<CheckedRemote> {
        let outcomes = |group: &ProjectCaches| {
            let artifacts = group.artifacts.iter().flat_map(|artifacts| artifacts.servers().check(limit));
            let sources = group.sources.iter().flat_map(|sources| sources.servers().check(limit));
            artifacts.chain(sources).collect::<Vec<_>>()
        };
        let checked = |(spec, outcome): (RemoteSpec, _)| CheckedRemote { spec, outcome, required: false };
        let of_group = |group: &ProjectCaches| {
            group.specs.clone().into_iter().flatten().zip(outcomes(group)).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(of_group).map(checked).collect()
    }
}

impl Session {
    /// The names under which the element's artifact is looked for, best first: its strict key, and in non-strict mode its weak
    /// one. None when a source has no reference.
    #[must_use]
    pub fn artifact_names(&self, element: usize) -> Vec<ArtifactName> {
        let Some(KeyPair { strict, weak }) = self.key_pairs[element] else { return Vec::new() };
        let keys = if self.options.strict { vec![strict] } else { vec![strict, weak] };
        let element = &self.project.elements[element];
        keys.into_iter().map(|key| ArtifactName::new(&element.project, &element.name, key)).collect()
    }

    /// Which of these elements have an artifact that an index knows, in the order given. The indexes are asked for `others` at the
    /// same time, so that nobody waits for these answers later.
    ///
    /// # Errors
    /// When the store fails.
    pub fn known_remotely(
        &self,
        caches: &SharedCaches,
        elements: &[usize],
        others: &[(usize, ArtifactName)],
        monitor: &dyn CacheMonitor,
    ) -> Result<Vec<bool>> {
        let mut found = vec![false; elements.len()];
        for (artifacts, counts) in caches.pulled_groups() {
            let is_of_group = |element: usize| counts(&self.project.elements[element]);
            let asked: Vec<usize> = (0..elements.len()).filter(|at| is_of_group(elements[*at])).collect();
            let names: Vec<Vec<ArtifactName>> =
                asked.iter().map(|at| self.artifact_names(elements[*at])).collect();
            let others =
                others.iter().filter(|(element, _)| is_of_group(*element)).map(|(_, name)| name.clone());
            let all: Vec<ArtifactName> = names.iter().flatten().cloned().chain(others).collect();
            let mut known = artifacts.find(&all, monitor)?.into_iter();
            for (at, names) in asked.into_iter().zip(names) {
                // All answers of an element are taken, whatever the first says.
                found[at] = known.by_ref().take(names.len()).fold(false, |any, one| any | one);
            }
        }
        Ok(found)
    }

    /// Pulls the element's artifact, under the first of its names that a server has.
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub fn pull(
        &self,
        caches: &SharedCaches,
        element: usize,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pulled, SharedCacheError> {
        let servers = caches.of(&self.project.elements[element]);
        let Some(artifacts) = servers.and_then(ProjectCaches::pulled_artifacts) else {
            return Ok(Pulled::NotThere);
        };
        let options = PullOptions { buildtrees: self.options.pull_buildtrees };
        let mut outcome = Pulled::NotThere;
        for name in self.artifact_names(element) {
            match artifacts.pull(&name, options, monitor)? {
                Pulled::Artifact(artifact) => return Ok(Pulled::Artifact(artifact)),
                Pulled::Unknown => outcome = Pulled::Unknown,
                Pulled::NotThere => {}
            }
        }
        Ok(outcome)
    }

    /// Pushes the element's cached artifact. `thorough` also sends what storages of an index that knows it have lost.
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub(crate) fn push(
        &self,
        artifacts: &SharedArtifacts,
        element: usize,
        artifact: &Artifact,
        thorough: bool,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pushed, SharedCacheError> {
        let element = &self.project.elements[element];
        let name = ArtifactName::new(&element.project, &element.name, artifact.keys.strong);
        push_artifact(artifacts, &self.cas, &name, artifact, thorough, monitor)
    }

    /// Whether the trees of the artifact's build are in the store, as far as it has any. BuildStream does not push artifacts
    /// that lack some.
    pub(crate) fn has_buildtrees(&self, artifact: &Artifact) -> Result<bool> {
        has_buildtrees(&self.cas, artifact)
    }

    /// Whether what is wanted of the artifact is in the store, beside what makes it count as cached.
    pub(crate) fn has_wanted_buildtrees(&self, artifact: &Artifact) -> Result<bool> {
        Ok(!self.options.pull_buildtrees || self.has_buildtrees(artifact)?)
    }
}

/// Pushes a cached artifact with what its records need.
///
/// # Errors
/// When the store fails, or the work is cancelled.
pub fn push_artifact(
    artifacts: &SharedArtifacts,
    cas: &Cas,
    name: &ArtifactName,
    artifact: &Artifact,
    thorough: bool,
    monitor: &dyn CacheMonitor,
) -> Result<Pushed, SharedCacheError> {
    let needs = || own_record_needs(&ActionNeeds::new(cas), artifact);
    artifacts.push(name, artifact, &needs, thorough, monitor)
}

/// Whether the build tree and the root of the artifact's build are in the store, as far as it has any.
///
/// # Errors
/// When the store fails.
pub fn has_buildtrees(cas: &Cas, artifact: &Artifact) -> Result<bool> {
    for tree in [artifact.trees.buildtree, artifact.trees.buildroot].into_iter().flatten() {
        if !cas.is_complete(&tree)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tells the context of a job what a pull or a push does.
pub(crate) struct JobMonitor<'a> {
    context: &'a Context,
    /// Whether it is told which servers do not have what is looked for.
    tells_misses: bool,
}

impl<'a> JobMonitor<'a> {
    pub(crate) fn new(context: &'a Context, tells_misses: bool) -> Self {
        Self { context, tells_misses }
    }
}

impl CacheMonitor for JobMonitor<'_> {
    fn activity(&self, text: &str) {
        self.context.progress(text, None);
    }

    fn info(&self, reason: &'static str, text: String) {
        if self.tells_misses || !is_detail(reason) {
            self.context.message(Message::info(reason, text));
        }
    }

    fn warning(&self, reason: &str, text: String) {
        self.context.message(Message::warning(reason, text));
    }

    fn cancel(&self) -> &Cancel {
        &self.context.cancel
    }
}

/// What only those want to know who asked for a pull or a push by name.
pub(crate) fn is_detail(reason: &str) -> bool {
    matches!(
        reason,
        "artifact-not-on-server"
            | "artifact-there"
            | "artifact-data-there"
            | "artifact-data-pushed"
            | "source-there"
            | "source-not-on-server"
    )
}

/// Keeps what is told before a session has an observer.
#[derive(Default)]
pub(crate) struct KeptMessages {
    messages: Mutex<Vec<Message>>,
    cancel: Cancel,
}

impl KeptMessages {
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CacheMonitor for KeptMessages {
    fn activity(&self, _: &str) {}

    fn info(&self, _: &'static str, _: String) {}

    fn warning(&self, reason: &str, text: String) {
        let message = Message::warning(reason, text);
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl From<SharedCacheError> for SessionError {
    fn from(error: SharedCacheError) -> Self {
        match error {
            SharedCacheError::Cas(error) => Self::Cas(error),
            SharedCacheError::Artifact(error) => Self::Artifact(error),
            SharedCacheError::Start(error) => Self::Start { what: "the threads for shared caches", error },
        }
    }
}
