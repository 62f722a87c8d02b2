//! A component that is loaded when it is called for the first time.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spec_strategy::KindError;

use crate::failure::{Failure, PluginName};
use crate::host::{Host, Started};
use crate::instance::Instance;
use crate::pool::KindId;
use crate::world::{ElementKind, World};

/// A component that is loaded when it is called for the first time.
pub(crate) struct LazyComponent {
    pub(crate) name: PluginName,
    id: KindId,
    bytes: Cow<'static, [u8]>,
    host: Arc<Host>,
    loaded: OnceLock<Loaded>,
}

struct Loaded {
    shared: Arc<Started>,
    component: <ElementKind as World>::Pre,
}

impl LazyComponent {
    pub(crate) fn new(name: PluginName, id: KindId, bytes: Cow<'static, [u8]>, host: Arc<Host>) -> Self {
        Self { name, id, bytes, host, loaded: OnceLock::new() }
    }

    /// Calls an export of a warm or a new instance, and keeps the instance if it is still good.
    pub(crate) fn call<T>(
        &self,
        activity: &str,
        export: impl FnOnce(&mut Instance<ElementKind>) -> Result<T, Failure>,
    ) -> Result<T, KindError> {
        let Loaded { shared, component } = self.loaded().map_err(|failure| failure.of(&self.name, "load"))?;
        let broken = |failure: Failure| failure.of(&self.name, activity);
        let patience = shared.limits.deadline.saturating_mul(4).max(Duration::from_secs(1));
        let busy = || Failure::host("all plugin instances are busy; run fewer builders at once");
        let mut lease = shared.pool.lease(self.id, patience).ok_or_else(|| broken(busy()))?;
        let mut instance = match lease.take() {
            Some(instance) => instance,
            None => Instance::new(component, &shared.limits).map_err(broken)?,
        };
        let answer = export(&mut instance).map_err(broken)?;
        if !instance.is_worn() {
            lease.keep(instance);
        }
        Ok(answer)
    }

    fn loaded(&self) -> Result<&Loaded, Failure> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let shared = self.host.started()?;
        let component = shared.prepare::<ElementKind>(&self.bytes)?;
        Ok(self.loaded.get_or_init(|| Loaded { shared, component }))
    }
}
