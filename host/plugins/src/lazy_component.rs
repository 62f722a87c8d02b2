//! Components that are loaded when they are called for the first time.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spec_strategy::KindError;

use crate::engine::{LazyEngine, SharedEngine};
use crate::failure::{FEWER_BUILDERS, PluginFailure, PluginName};
use crate::instance_pool::{InstancePool, KindId};
use crate::kind::{KindCode, KindInstance};

/// A component that is loaded when it is called for the first time.
pub(crate) struct LazyComponent {
    pub(crate) name: PluginName,
    id: KindId,
    bytes: Cow<'static, [u8]>,
    engine: Arc<LazyEngine>,
    pool: Arc<InstancePool<KindInstance>>,
    loaded: OnceLock<LoadedComponent>,
}

struct LoadedComponent {
    shared: Arc<SharedEngine>,
    code: KindCode,
}

impl LazyComponent {
    pub(crate) fn new(
        name: PluginName,
        id: KindId,
        bytes: Cow<'static, [u8]>,
        engine: Arc<LazyEngine>,
        pool: Arc<InstancePool<KindInstance>>,
    ) -> Self {
        Self { name, id, bytes, engine, pool, loaded: OnceLock::new() }
    }

    /// Calls an export of an idle or a new instance, and returns the instance to the pool unless it should be replaced.
    pub(crate) fn call<T>(
        &self,
        activity: &str,
        export: impl FnOnce(&mut KindInstance) -> Result<T, PluginFailure>,
    ) -> Result<T, KindError> {
        let LoadedComponent { shared, code } =
            self.loaded().map_err(|failure| failure.of(&self.name, "load"))?;
        let broken = |failure: PluginFailure| failure.of(&self.name, activity);
        let max_wait = shared.limits.deadline.saturating_mul(4).max(Duration::from_secs(1));
        let busy = || PluginFailure::host("all plugin instances are busy").hint(FEWER_BUILDERS);
        let mut lease = self.pool.lease(self.id, max_wait).ok_or_else(|| broken(busy()))?;
        let mut instance = match lease.take() {
            Some(instance) => instance,
            None => KindInstance::new(&self.name, code, &shared.limits).map_err(broken)?,
        };
        let answer = export(&mut instance).map_err(broken)?;
        shared.usage.record(instance.usage());
        if !instance.should_be_replaced() {
            lease.keep(instance);
        }
        Ok(answer)
    }

    fn loaded(&self) -> Result<&LoadedComponent, PluginFailure> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let shared = self.engine.get()?;
        let code = KindCode::prepare(&shared, &self.name, &self.bytes)?;
        Ok(self.loaded.get_or_init(|| LoadedComponent { shared, code }))
    }
}
