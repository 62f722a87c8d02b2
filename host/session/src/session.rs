//! A project with its keys, and the caches that its artifacts are in.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use spec_artifact::{Artifact, Artifacts};
use spec_build::{Builder, BuilderOptions, ElementKeys};
use spec_cas::{Cas, Hold, LayerGuard};
use spec_execution::{ActionCommandRunner, CommandRunner, InPlaceRunner, PoolOptions};
use spec_model::{Key, KeyPair};
use spec_plugins::Plugins;
use spec_project::keys::compute_keys;
use spec_project::{Project, UnresolvedProject};
use spec_source::{ElementSources, SourceContext};

use crate::error::{Result, SessionError};
use crate::executions::StoreExecutions;
use crate::junction_staging::JunctionStaging;
use crate::options::{ElementCommands, SessionOptions};
use crate::recommended_servers::RecommendedServers;
use crate::recorded_inputs::RecordedInputs;
use crate::sources;

/// Most actions of all builds together that wait for a worker.
const MAX_QUEUED: usize = 100_000;

/// A project with all elements that its targets need, before its caches are opened.
pub struct LoadedProject {
    /// The project.
    pub project: Project,
    plugins: Plugins,
    /// The staged sources of junctions.
    junctions: Vec<LayerGuard>,
}

impl LoadedProject {
    /// Resolves a project that was read, with element kinds of these plugins. The session keeps the staged sources of
    /// `junctions`.
    ///
    /// # Errors
    /// What is wrong with the project.
    pub fn resolve(
        project: UnresolvedProject<'_>,
        plugins: spec_plugins::Options,
        junctions: &JunctionStaging<'_>,
    ) -> Result<Self> {
        let plugins = Plugins::new(plugins);
        let project = project.resolve(&plugins)?;
        plugins.save_answers();
        Ok(Self { project, plugins, junctions: junctions.take_staged() })
    }

    /// The components that were given for element kinds that no element is of, with these kinds.
    #[must_use]
    pub fn unused_plugins(&self) -> Vec<(String, PathBuf)> {
        self.plugins.unused_overrides()
    }
}

/// A project with its keys, and the caches that its artifacts are in.
pub struct Session {
    /// The options.
    pub options: SessionOptions,
    /// The project with all elements that the targets need.
    pub project: Project,
    /// Blobs and trees.
    pub cas: Cas,
    /// Artifacts.
    pub artifacts: Artifacts,
    /// Components; those of policies are loaded when a build begins.
    pub(crate) plugins: Plugins,
    /// The pool of executions, and the sockets through which sandboxes request them.
    pub executions: StoreExecutions,
    /// Who runs the commands of elements.
    commands: Arc<dyn CommandRunner>,
    /// The keys of elements, `None` where a source has no reference.
    pub key_pairs: Vec<Option<KeyPair>>,
    /// What the executor of this machine may have brought of recorded inputs.
    pub(crate) recorded_inputs: Arc<RecordedInputs>,
    /// The servers that projects recommend: the top-level project, then those behind junctions.
    pub(crate) recommended: Vec<RecommendedServers>,
    /// Held while the file of the workspaces is changed.
    pub(crate) workspace_file: Mutex<()>,
    /// What the session uses is not evicted.
    _hold: Hold,
    sources: Vec<ElementSources>,
    contexts: Vec<SourceContext>,
    /// The staged sources of junctions, which sources of their elements may be in.
    _junctions: Vec<LayerGuard>,
}

/// The executions of a session. Without an option there is a worker for each processor: builds mostly wait for the actions
/// that they requested.
fn executions(cas: &Cas, options: &SessionOptions, inputs: &Arc<RecordedInputs>) -> StoreExecutions {
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = options.workers.unwrap_or_else(processors);
    // A cluster has the contents itself.
    let factory = match cas.has_blob_source() {
        true => options.executor.clone(),
        false => options.executor.with_blob_source(Arc::clone(inputs) as _),
    };
    StoreExecutions::new(cas, &factory, PoolOptions { workers, max_queued: MAX_QUEUED })
}

fn command_runner(
    cas: &Cas,
    options: &SessionOptions,
    executions: &StoreExecutions,
) -> Arc<dyn CommandRunner> {
    match &options.element_commands {
        ElementCommands::InPlace => Arc::new(InPlaceRunner),
        ElementCommands::AsActions(factory) => {
            Arc::new(ActionCommandRunner::new(Arc::new(executions.with_executor(cas, factory))))
        }
    }
}

impl Session {
    /// Opens a session over a project. Calls `warn` with the stable reason and the text of each warning about sources.
    ///
    /// # Errors
    /// What is wrong with the sources, or when the store fails.
    pub fn open(
        loaded: LoadedProject,
        cas: Cas,
        options: SessionOptions,
        warn: &dyn Fn(&str, &str),
    ) -> Result<Self> {
        let LoadedProject { project, plugins, junctions } = loaded;
        let recommended = RecommendedServers::of_projects(&project, &options.home)?;
        let hold = cas.hold()?;
        let contexts = sources::contexts(&options.sources, &project, &cas);
        let sources = sources::configure_all(&project, &contexts, warn)?;
        let key_pairs = compute_keys(&project, &|element| sources[element].key_text())
            .map_err(SessionError::SourceDeclaration)?;
        contexts.iter().for_each(|context| context.local_files.save());
        let recorded_inputs = Arc::<RecordedInputs>::default();
        let executions = executions(&cas, &options, &recorded_inputs);
        Ok(Self {
            artifacts: Artifacts::new(cas.clone()),
            commands: command_runner(&cas, &options, &executions),
            executions,
            options,
            project,
            cas,
            plugins,
            key_pairs,
            recorded_inputs,
            recommended,
            workspace_file: Mutex::default(),
            _hold: hold,
            sources,
            contexts,
            _junctions: junctions,
        })
    }

    /// The element's full name.
    #[must_use]
    pub fn name(&self, element: usize) -> String {
        self.project.elements[element].name.to_string()
    }

    /// The element's sources.
    #[must_use]
    pub fn sources(&self, element: usize) -> &ElementSources {
        &self.sources[element]
    }

    /// The element's sources, configured once more, so that they can be tracked.
    ///
    /// # Errors
    /// When their configuration is wrong.
    pub(crate) fn configure_sources(&self, element: usize) -> Result<ElementSources> {
        let element = &self.project.elements[element];
        sources::configure(element, sources::context_of(&self.contexts, element))
    }

    /// The one target of a session that is about one element.
    ///
    /// # Errors
    /// When there are none or several.
    pub fn target(&self) -> Result<usize> {
        match self.project.targets.as_slice() {
            [target] => Ok(*target),
            targets => Err(SessionError::OneElement { count: targets.len() }),
        }
    }

    /// The present keys of all elements: those of cached artifacts, or else those that artifacts will have in strict mode. An
    /// element with a source that has no reference has the key of an empty text, under which no artifact is stored.
    ///
    /// # Errors
    /// When the cache fails.
    pub fn current_keys(&self) -> Result<Vec<ElementKeys>> {
        let mut all = Vec::with_capacity(self.key_pairs.len());
        for (element, pair) in self.key_pairs.iter().enumerate() {
            let none = Key::of(b"");
            let pair = pair.unwrap_or(KeyPair { strict: none, weak: none });
            let cached = self.cached_artifact(element, pair)?.map(|artifact| artifact.keys.strong);
            all.push(ElementKeys {
                strong: cached.unwrap_or(pair.strict),
                strict: pair.strict,
                weak: pair.weak,
            });
        }
        Ok(all)
    }

    /// Whether elements with a socket request their actions on another machine.
    pub(crate) fn requests_elsewhere(&self) -> bool {
        self.commands.opens_sockets_elsewhere()
    }

    /// The builder that executes the plans of elements.
    #[must_use]
    pub fn builder(&self) -> Builder {
        let options = BuilderOptions {
            logs: self.options.log_dir.clone(),
            cache_buildtrees: self.options.cache_buildtrees,
            artifact_size: self.options.artifact_size,
            key_length: self.options.key_length,
            user_namespaces: self.options.user_namespaces.clone(),
        };
        let remote_apis = self.executions.remote_apis.clone();
        Builder::new(self.cas.clone(), self.artifacts.clone(), remote_apis, options)
            .with_command_runner(self.commands.clone())
    }

    /// The element's artifact: under its strict key, or in non-strict mode under its weak one.
    ///
    /// # Errors
    /// When the cache fails.
    pub fn cached_artifact(&self, element: usize, pair: KeyPair) -> Result<Option<Artifact>> {
        let element = &self.project.elements[element];
        let strict = self.artifacts.lookup(&element.project, &element.name, &pair.strict)?;
        match strict {
            None if !self.options.strict => {
                Ok(self.artifacts.lookup(&element.project, &element.name, &pair.weak)?)
            }
            found => Ok(found),
        }
    }

    /// Whether sources must be downloaded before the element can be built.
    ///
    /// # Errors
    /// When the cache fails.
    pub(crate) fn fetch_needed(&self, element: usize) -> Result<bool> {
        let sources = self.sources(element);
        let here = sources.sources().all(|source| source.is_cached());
        Ok(!here && sources.cached()?.is_none())
    }
}
