//! The registry of element kinds: finds the component of a kind.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_strategy::{ElementKind, KindError, KindRegistry, KindRequest};

use crate::answer_cache::AnswerCache;
use crate::call_usage::CallUsage;
use crate::component_kind::ComponentKind;
use crate::component_source::{ComponentId, ComponentSource};
use crate::engine::LazyEngine;
use crate::failure::PluginFailure;
use crate::instance_pool::{InstancePool, KindId};
use crate::kind::KindInstance;
use crate::lazy_component::LazyComponent;
use crate::{Options, compile, embedded, origin, private_folder};

/// The element kinds of the program: components of the command line come before those of a project, and these before the
/// embedded ones.
///
/// A component is loaded when there is no cached answer for a call, and then stays loaded.
pub struct Plugins {
    pub(crate) options: Options,
    pub(crate) engine: Arc<LazyEngine>,
    /// Instances of element kinds. A policy has state, and so an instance of its own.
    pool: Arc<InstancePool<KindInstance>>,
    /// The folder of cached answers; `None` when answers are not cached.
    answers: Option<PathBuf>,
    loaded: Mutex<LoadedKinds>,
}

/// What a component implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentWorld {
    /// An element kind.
    ElementKind,
    /// An overlay policy.
    OverlayPolicy,
    /// A priming policy.
    PrimingPolicy,
}

impl ComponentWorld {
    const ALL: [Self; 3] = [Self::ElementKind, Self::OverlayPolicy, Self::PrimingPolicy];

    /// The interfaces that its components export, without the version: the present one, and that of version 0.1.
    fn interfaces(self) -> [&'static str; 2] {
        match self {
            Self::ElementKind => ["spec:plugin/kind", "spec:element-kind/kind"],
            Self::OverlayPolicy => ["spec:plugin/overlay", "spec:overlay-policy/policy"],
            Self::PrimingPolicy => ["spec:plugin/priming", "spec:priming-policy/policy"],
        }
    }
}

#[derive(Default)]
struct LoadedKinds {
    kinds: HashMap<(String, ComponentId), Arc<ComponentKind>>,
    last_id: KindId,
}

impl Plugins {
    /// The kinds of these options. No component is loaded yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let folder = options.keep_answers.then(|| private_folder::create(&options.cache_dir).ok()).flatten();
        let answers = folder.map(|folder| folder.join("answers"));
        let pool = Arc::new(InstancePool::new(options.limits.instances));
        Self { engine: LazyEngine::new(&options).into(), pool, options, answers, loaded: Mutex::default() }
    }

    /// Writes the answers of this process to the cache, for later processes.
    pub fn save_answers(&self) {
        self.lock().kinds.values().for_each(|kind| kind.save_answers());
    }

    /// What the component in a file is, by the interface that it exports.
    ///
    /// # Errors
    /// When it cannot be read, is no component, or exports none of the interfaces.
    pub fn world_of(&self, file: &Path) -> Result<ComponentWorld, KindError> {
        let source = ComponentSource::File(file.to_owned());
        let name = source.plugin_name(&file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy());
        let bytes = source.read(&self.options.limits);
        let metadata = bytes.and_then(|bytes| compile::metadata(&bytes, compile::ANY_WORLD));
        let exports = metadata.map_err(|failure| failure.of(&name, "load"))?.exports;
        let is_exported = |world: &ComponentWorld| {
            let is_one = |export: &String, name: &str| export.starts_with(&format!("{name}@"));
            exports.iter().any(|export| world.interfaces().iter().any(|name| is_one(export, name)))
        };
        ComponentWorld::ALL.into_iter().find(is_exported).ok_or_else(|| {
            let exported = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
            let known = ComponentWorld::ALL.map(|world| world.interfaces()[0]).join(", ");
            let message = format!("it exports {exported}; expected one of {known}");
            PluginFailure::plugin("plugin-wrong-world", message).of(&name, "load")
        })
    }

    /// Compiles the component in a file and keeps the code, so that the first session that uses it need not wait.
    ///
    /// # Errors
    /// When it cannot be read, or is no component of a world.
    pub fn compile_ahead(&self, file: &Path) -> Result<(), KindError> {
        use crate::world::{v0_1, v0_2};
        let world = self.world_of(file)?;
        let source = ComponentSource::File(file.to_owned());
        let name = source.plugin_name(&file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy());
        let compile = || {
            let (bytes, engine) = (source.read(&self.options.limits)?, self.engine.get()?);
            match world {
                ComponentWorld::ElementKind => {
                    engine.compile::<v0_1::ElementKind, v0_2::ElementKind>(&name, &bytes)
                }
                ComponentWorld::OverlayPolicy => {
                    engine.compile::<v0_1::OverlayPolicy, v0_2::OverlayPolicy>(&name, &bytes)
                }
                ComponentWorld::PrimingPolicy => {
                    engine.compile::<v0_1::PrimingPolicy, v0_2::PrimingPolicy>(&name, &bytes)
                }
            }
        };
        compile().map(drop).map_err(|failure: PluginFailure| failure.of(&name, "load"))
    }

    /// What the last call of a component used; nothing before the first one.
    #[must_use]
    pub fn last_call(&self) -> CallUsage {
        self.engine.get().map(|engine| engine.usage.last()).unwrap_or_default()
    }

    /// The kinds of the command line that nobody has requested so far, with their files.
    #[must_use]
    pub fn unused_overrides(&self) -> Vec<(String, PathBuf)> {
        let loaded = self.lock();
        let is_unused = |(kind, _): &&(String, PathBuf)| !loaded.kinds.keys().any(|(name, _)| name == kind);
        self.options.overrides.iter().filter(is_unused).cloned().collect()
    }

    /// An element kind that is part of the program, wherever projects take it from.
    ///
    /// # Errors
    /// As [`KindRegistry::kind`].
    pub fn embedded_kind(&self, name: &str) -> Result<Arc<dyn ElementKind>, KindError> {
        let component = embedded::kind(name).ok_or_else(|| KindError::Unknown {
            kind: name.to_owned(),
            known: self.known_kinds(),
            missing: None,
        })?;
        self.load(name, ComponentSource::Embedded(component))
    }

    fn source(&self, request: &KindRequest) -> Result<ComponentSource, KindError> {
        let overrides = &self.options.overrides;
        // Of several options for one kind the last one counts.
        let given = overrides.iter().rfind(|(kind, _)| *kind == request.name);
        let given = given.or_else(|| self.options.project.iter().find(|(kind, _)| *kind == request.name));
        match given {
            Some((_, file)) => Ok(ComponentSource::File(file.clone())),
            None => origin::component(request, || self.known_kinds()),
        }
    }

    fn load(&self, name: &str, source: ComponentSource) -> Result<Arc<dyn ElementKind>, KindError> {
        let key = (name.to_owned(), source.id());
        let mut loaded = self.lock();
        if let Some(kind) = loaded.kinds.get(&key) {
            return Ok(Arc::clone(kind) as Arc<dyn ElementKind>);
        }
        loaded.last_id += 1;
        let plugin = source.plugin_name(name);
        let bytes = source.read(&self.options.limits).map_err(|failure| failure.of(&plugin, "load"))?;
        let answers = self.answers.as_deref().map(|folder| AnswerCache::open(folder, &source.sha256(&bytes)));
        let component = LazyComponent::new(
            plugin,
            loaded.last_id,
            bytes,
            Arc::clone(&self.engine),
            Arc::clone(&self.pool),
        );
        let kind = Arc::new(ComponentKind::new(name, component, answers)?);
        loaded.kinds.insert(key, Arc::clone(&kind));
        Ok(kind)
    }

    fn known_kinds(&self) -> String {
        let mut names: BTreeSet<&str> = embedded::default_kinds().collect();
        names.extend(self.options.overrides.iter().map(|(kind, _)| kind.as_str()));
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// A panic of another thread can at most leave a kind unloaded.
    fn lock(&self) -> MutexGuard<'_, LoadedKinds> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KindRegistry for Plugins {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        self.load(&request.name, self.source(request)?)
    }
}
