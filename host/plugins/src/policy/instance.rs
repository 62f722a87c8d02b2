//! Instances of policies.

use std::sync::Arc;

use spec_strategy::PolicyError;
use wasmtime::Store;

use crate::engine::SharedEngine;
use crate::failure::{PluginFailure, PluginName};
use crate::instance::Instance;
use crate::instance_state::InstanceState;
use crate::world::World;

/// The instance of a policy, which lives as long as the session.
pub(super) struct PolicyInstance<W> {
    pub(super) name: PluginName,
    instance: Instance<W>,
    /// Keeps the thread going that ends calls at their deadline.
    _engine: Arc<SharedEngine>,
}

impl<W: World> PolicyInstance<W> {
    pub(super) fn start(
        name: PluginName,
        engine: Arc<SharedEngine>,
        bytes: &[u8],
    ) -> Result<Self, PluginFailure> {
        let component = engine.prepare::<W>(&name, bytes)?;
        let instance = Instance::new(&name, &component, &engine.limits.of_policy())?.for_session();
        Ok(Self { name, instance, _engine: engine })
    }

    /// Calls an export, with a question of so many entries.
    pub(super) fn call<T>(
        &mut self,
        activity: &'static str,
        entries: usize,
        export: impl FnOnce(&W, &mut Store<InstanceState>) -> wasmtime::Result<T>,
    ) -> Result<T, PolicyError> {
        self.instance.call(entries, export).map_err(|failure| failure.of_policy(&self.name, activity))
    }
}
