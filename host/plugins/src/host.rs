//! The engine with all that components share, started when the first one is needed.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Engine;

use crate::clock::Clock;
use crate::code_cache::CodeCache;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::pool::Pool;
use crate::world::{ElementKind, World};
use crate::{Limits, Options, component, engine};

/// The engine with all that components share, started when the first one is needed.
pub(crate) struct Host {
    options: Options,
    started: Mutex<Option<Arc<Started>>>,
}

/// What all components share.
pub(crate) struct Started {
    engine: Engine,
    /// Where compiled code is kept, if it can be.
    code: Option<CodeCache>,
    /// Instances of element kinds. Policies have state, so that each has an instance of its own.
    pub(crate) pool: Pool<Instance<ElementKind>>,
    pub(crate) limits: Limits,
    /// Keeps the clock of the engine going.
    _clock: Clock,
}

impl Host {
    pub(crate) fn new(options: &Options) -> Self {
        Self { options: options.clone(), started: Mutex::default() }
    }

    /// The engine, started now if it was not.
    pub(crate) fn started(&self) -> Result<Arc<Started>, Failure> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(started) = &*started {
            return Ok(Arc::clone(started));
        }
        Ok(Arc::clone(started.insert(Started::start(&self.options)?.into())))
    }
}

impl Started {
    fn start(options: &Options) -> Result<Self, Failure> {
        let cannot = |error: wasmtime::Error| {
            Failure::host(format!("the WebAssembly engine does not start: {error:#}; see 'spec-host doctor'"))
        };
        let limits = options.limits;
        let engine = engine::new(&limits).map_err(cannot)?;
        let clock = Clock::start(engine.clone()).map_err(|error| cannot(error.into()))?;
        let code = code_cache(&options.cache_dir, &engine);
        Ok(Self { engine, code, pool: Pool::new(limits.instances), limits, _clock: clock })
    }

    /// A component that can be instantiated.
    pub(crate) fn prepare<W: World>(&self, bytes: &[u8]) -> Result<W::Pre, Failure> {
        component::prepare::<W>(&self.engine, self.code.as_ref(), bytes)
    }
}

fn code_cache(cache_dir: &Path, engine: &Engine) -> Option<CodeCache> {
    let opened = CodeCache::open(&cache_dir.join("code"), engine);
    let told = |error| {
        tracing::warn!(
            "compiled plugins cannot be kept in {}: {error}; every start compiles them again",
            cache_dir.display()
        );
    };
    opened.map_err(told).ok()
}
