//! The WebAssembly engine and what all components share, started when the first component is loaded.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

use crate::call_usage::UsageMeter;
use crate::code_cache::CodeCache;
use crate::compile_observer::CompileObserver;
use crate::epoch_clock::EpochClock;
use crate::failure::{PluginFailure, PluginName};
use crate::world::World;
use crate::{Limits, Options, compile};

/// Core instances of one component. A component made of one module needs three: the module, and two adapters for its
/// imports. Those of scripting languages are made of many modules: the run-time, its libraries, and adapters between them.
const MAX_CORE_INSTANCES: u32 = 40;
/// Memories of one component: the modules of a scripting language may have their own.
const MAX_MEMORIES: u32 = 3;
/// Tables of one component.
const MAX_TABLES: u32 = 4;
/// Instances of policies, which a session has in addition to those of element kinds.
const POLICIES: usize = 2;

/// The engine, which is started when the first component is loaded.
pub(crate) struct LazyEngine {
    options: Options,
    started: Mutex<Option<Arc<SharedEngine>>>,
}

/// The engine, and what all components share.
pub(crate) struct SharedEngine {
    engine: Engine,
    /// The cache of compiled code; `None` when its directory cannot be used.
    code: Option<CodeCache>,
    pub(crate) limits: Limits,
    /// What the last call of a component used.
    pub(crate) usage: UsageMeter,
    /// Hears of components that take long to compile.
    observer: CompileObserver,
    /// Advances the epoch of the engine, which ends calls at their deadline.
    _clock: EpochClock,
}

impl LazyEngine {
    pub(crate) fn new(options: &Options) -> Self {
        Self { options: options.clone(), started: Mutex::default() }
    }

    /// The engine, which is started if it was not.
    pub(crate) fn get(&self) -> Result<Arc<SharedEngine>, PluginFailure> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(started) = &*started {
            return Ok(Arc::clone(started));
        }
        Ok(Arc::clone(started.insert(SharedEngine::start(&self.options)?.into())))
    }
}

impl SharedEngine {
    fn start(options: &Options) -> Result<Self, PluginFailure> {
        let start_error = |error: wasmtime::Error| {
            PluginFailure::host(format!("the WebAssembly engine cannot start: {error:#}"))
                .hint("see 'spec-host doctor'")
        };
        let limits = options.limits;
        let engine = new_engine(&limits).map_err(start_error)?;
        let clock = EpochClock::start(engine.clone()).map_err(|error| start_error(error.into()))?;
        let code = code_cache(&options.cache_dir, &engine);
        let observer = options.compile_observer.clone();
        Ok(Self { engine, code, limits, usage: UsageMeter::default(), observer, _clock: clock })
    }

    /// Compiles a component of one of two versions of a world, or loads its compiled code.
    pub(crate) fn compile<Old: World, New: World>(
        &self,
        name: &PluginName,
        bytes: &[u8],
    ) -> Result<Component, PluginFailure> {
        if let Some(component) = self.code.as_ref().and_then(|code| code.load(&self.engine, bytes)) {
            return Ok(component);
        }
        let metadata = compile::metadata(bytes, New::DESCRIPTION)?;
        compile::check_versions::<Old, New>(&metadata)?;
        let compile = || compile::component(&self.engine, bytes, New::DESCRIPTION);
        let component = self.observer.watch(&name.0, bytes.len(), metadata.code_size, compile)?;
        if let Some(code) = &self.code {
            code.store(bytes, &component);
        }
        Ok(component)
    }

    /// Whether a component exports the interface of a world, in whatever version.
    pub(crate) fn is_of<W: World>(&self, component: &Component) -> bool {
        compile::is_of::<W>(&self.engine, component)
    }

    /// Checks that a component implements a world, and looks up its exports.
    pub(crate) fn prepare<W: World>(&self, component: &Component) -> Result<W::Pre, PluginFailure> {
        compile::prepare::<W>(&self.engine, component)
    }
}

fn code_cache(cache_dir: &Path, engine: &Engine) -> Option<CodeCache> {
    let opened = CodeCache::open(&cache_dir.join("code"), engine);
    let log = |error| {
        tracing::warn!(
            "compiled plugins cannot be cached in {}: {error}; they will be compiled at every start",
            cache_dir.display()
        );
    };
    opened.map_err(log).ok()
}

/// A new engine for `limits`.
fn new_engine(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).concurrency_support(false);
    // Backtraces of guests do not help users, and make compiled code larger and slower to load.
    config.wasm_backtrace_max_frames(None).generate_address_map(false).native_unwind_info(false);
    // Reserves address space for the limit of an instance and not for 4 GiB, because some machines limit address space.
    config.memory_reservation(limits.memory as u64).memory_guard_size(1 << 16);
    config.allocation_strategy(pooling(limits));
    Engine::new(&config)
}

fn pooling(limits: &Limits) -> PoolingAllocationConfig {
    let instances = u32::try_from(limits.instances.saturating_add(POLICIES)).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(MAX_CORE_INSTANCES))
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .total_memories(instances.saturating_mul(MAX_MEMORIES))
        .max_memories_per_component(MAX_MEMORIES)
        .total_tables(instances.saturating_mul(MAX_TABLES))
        .max_tables_per_component(MAX_TABLES)
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(1 << 18)
        .table_keep_resident(1 << 14)
        .pagemap_scan(Enabled::Auto)
        .total_stacks(0);
    pool
}
