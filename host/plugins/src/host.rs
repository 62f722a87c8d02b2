//! The engine with all that components share, started when the first one is needed.

use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::Linker;

use crate::bindings::ElementKindPre;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::instance::{Instance, State};
use crate::pool::Pool;
use crate::{Limits, Options, component, engine};

/// The engine with all that components share, started when the first one is needed.
pub(crate) struct Host {
    options: Options,
    started: Mutex<Option<Arc<Started>>>,
}

/// What all components share.
pub(crate) struct Started {
    linker: Linker<State>,
    pub(crate) pool: Pool<Instance>,
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
        let engine = engine::new(&options.cache_dir, &limits).map_err(cannot)?;
        let linker = component::linker(&engine).map_err(cannot)?;
        let clock = Clock::start(engine).map_err(|error| cannot(error.into()))?;
        Ok(Self { linker, pool: Pool::new(limits.instances), limits, _clock: clock })
    }

    /// A component that can be instantiated.
    pub(crate) fn prepare(&self, bytes: &[u8]) -> Result<ElementKindPre<State>, Failure> {
        component::prepare(&self.linker, bytes)
    }
}
