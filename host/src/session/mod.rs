//! A project with its keys, and the caches that its artifacts are in.

mod select;
mod sources;

use std::num::NonZero;
use std::sync::Arc;

use spec_artifact::Artifacts;
use spec_build::ElementKeys;
use spec_cas::{Cas, Hold};
use spec_execution::{LocalOptions, PoolOptions};
use spec_model::{DigestFunction, Key, KeyPair};
use spec_plugins::Plugins;
use spec_project::keys::{SourceKey, compute_keys};
use spec_project::{LoadOptions, Project};
use spec_reapi::SessionApiServer;
use spec_source::{ElementSources, SourceContext};

use crate::app::App;
use crate::config::Config;
use crate::error::{BlameUser, CommandError, CommandResult};
use crate::standing::Standing;
use crate::term::{Member, Roster};

/// Most actions of all builds together that wait for a worker.
const MAX_QUEUED: usize = 100_000;

/// A project with its keys, and the caches that its artifacts are in.
pub(crate) struct Session {
    /// What the user prefers.
    pub(crate) config: Config,
    /// Whether a change of build dependencies rebuilds.
    pub(crate) strict: bool,
    /// The project with all elements that the targets need.
    pub(crate) project: Project,
    /// Blobs and trees.
    pub(crate) cas: Cas,
    /// What was built.
    pub(crate) artifacts: Artifacts,
    /// Components; those of policies are loaded when a build begins.
    pub(crate) plugins: Plugins,
    /// Sockets of the Remote Execution API for sandboxes, and the workers behind them.
    pub(crate) remote_apis: Arc<SessionApiServer>,
    /// The keys of elements, `None` where a source has no reference.
    pub(crate) pairs: Vec<Option<KeyPair>>,
    /// What the sources of elements contribute to keys.
    pub(crate) source_keys: Vec<Option<Vec<SourceKey>>>,
    /// What the session uses is not evicted.
    _hold: Hold,
    sources: Vec<ElementSources>,
    context: SourceContext,
}

/// The workers of the configuration, or one for each processor: builds mostly wait for what they asked for.
fn workers(cas: &Cas, config: &Config) -> Arc<SessionApiServer> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = config.cluster.map_or(processors, |cluster| cluster.workers);
    let least = config.cluster.map(|cluster| cluster.least).unwrap_or_default();
    let local = LocalOptions { least, limits: config.bounds.actions, ..LocalOptions::default() };
    SessionApiServer::new(cas.clone(), local, PoolOptions { workers, max_queued: MAX_QUEUED })
}

impl Session {
    /// Loads the project that `app` names with these targets (none for its defaults) and all they need.
    ///
    /// # Errors
    /// What is wrong with the project, or when the cache cannot be opened.
    pub(crate) fn open(app: &App, targets: &[String]) -> CommandResult<Self> {
        let config = app.config.clone();
        let kinds = Plugins::new(spec_plugins::Options {
            overrides: app.globals.plugins.clone(),
            ..spec_plugins::Options::new(config.cache("plugins"))
        });
        let options = LoadOptions {
            directory: app.globals.directory().to_owned(),
            targets: targets.to_vec(),
            options: app.globals.options().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            max_jobs: Some(config.max_jobs),
            projects: config.projects.clone(),
        };
        let project = spec_project::load(&options, &kinds).or_usage()?;
        kinds.save_answers();
        let cas = app.open_cas(DigestFunction::Sha256)?;
        let hold = cas.hold()?;
        let context = sources::context(&config, &project.config, &cas);
        let sources = sources::configure(app, &project, &context)?;
        let source_keys = sources::keys(&project, &sources)?;
        let pairs = compute_keys(&project, &|element| source_keys[element].clone());
        let strict = config.strict(&app.globals, &project.config.name);
        let artifacts = Artifacts::new(cas.clone());
        let remote_apis = workers(&cas, &config);
        Ok(Self {
            config,
            strict,
            project,
            cas,
            artifacts,
            plugins: kinds,
            remote_apis,
            pairs,
            source_keys,
            _hold: hold,
            sources,
            context,
        })
    }

    /// The element's full name.
    pub(crate) fn name(&self, element: usize) -> String {
        self.project.elements[element].name.to_string()
    }

    /// The element's sources.
    pub(crate) fn sources(&self, element: usize) -> &ElementSources {
        &self.sources[element]
    }

    /// The element's sources, to be changed.
    ///
    /// # Errors
    /// When their configuration is wrong.
    pub(crate) fn sources_again(&self, element: usize) -> CommandResult<ElementSources> {
        sources::of(&self.project.elements[element], &self.context)
    }

    /// The key that people see: that of the artifact if there is one, or else the one it will have in strict mode.
    /// Empty when a source has no reference.
    pub(crate) fn shown_key(&self, element: usize, standing: Option<&Standing>) -> String {
        let of_artifact = standing.and_then(Standing::artifact).map(|artifact| artifact.keys.strong);
        let key = of_artifact.or(self.pairs[element].map(|pair| pair.strict));
        key.map(|key| key.to_string()).unwrap_or_default()
    }

    /// The one target of a command that takes one.
    ///
    /// # Errors
    /// When there are none or several.
    pub(crate) fn target(&self) -> CommandResult<usize> {
        match self.project.targets.as_slice() {
            [target] => Ok(*target),
            _ => Err(CommandError::usage("one-element", "expected one element")),
        }
    }

    /// The keys of all elements as things are: those of cached artifacts, or else those that artifacts will have. Only
    /// elements without a reference, which nothing can be done with, have keys that mean nothing.
    ///
    /// # Errors
    /// When the cache fails.
    pub(crate) fn keys_now(&self) -> CommandResult<Vec<ElementKeys>> {
        let mut all = Vec::with_capacity(self.pairs.len());
        for (element, pair) in self.pairs.iter().enumerate() {
            let none = Key::of(b"");
            let pair = pair.unwrap_or(KeyPair { strict: none, weak: none });
            let found = self.cached(element, pair)?.map(|artifact| artifact.keys.strong);
            all.push(ElementKeys {
                strong: found.unwrap_or(pair.strict),
                strict: pair.strict,
                weak: pair.weak,
            });
        }
        Ok(all)
    }

    /// The names of the session's elements, for those who draw.
    pub(crate) fn roster(&self, command: &str, standings: Option<&[Standing]>) -> Roster {
        let member = |(index, element): (usize, &spec_project::Element)| {
            let standing = standings.map(|standings| &standings[index]);
            Member {
                name: element.name.to_string(),
                kind: element.kind.clone(),
                key: self.shown_key(index, standing),
                state: standing.map(|standing| standing.name().to_owned()).unwrap_or_default(),
            }
        };
        Roster {
            command: command.to_owned(),
            project: self.project.config.name.clone(),
            directory: self.project.config.directory.clone(),
            targets: self.project.targets.iter().map(|target| self.name(*target)).collect(),
            elements: self.project.elements.iter().enumerate().map(member).collect(),
            key_length: self.config.key_length,
        }
    }
}

/// Sessions are shared with jobs.
pub(crate) type SharedSession = Arc<Session>;
