//! A policy's instance.

use std::sync::Arc;

use spec_strategy::PolicyError;
use wasmtime::Store;

use crate::failure::{Failure, PluginName};
use crate::host::Started;
use crate::instance::{Instance, State};
use crate::world::World;

/// A policy's instance, which lives as long as the session.
pub(super) struct Running<W> {
    pub(super) name: PluginName,
    instance: Instance<W>,
    /// Keeps the engine's clock going, which ends calls that take too long.
    _host: Arc<Started>,
}

impl<W: World> Running<W> {
    pub(super) fn start(name: PluginName, host: Arc<Started>, bytes: &[u8]) -> Result<Self, Failure> {
        let component = host.prepare::<W>(bytes)?;
        let instance = Instance::new(&component, &host.limits.of_policy())?;
        Ok(Self { name, instance, _host: host })
    }

    /// Calls an export.
    pub(super) fn call<T>(
        &mut self,
        activity: &'static str,
        export: impl FnOnce(&W, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, PolicyError> {
        self.instance.call(export).map_err(|failure| failure.of_policy(&self.name, activity))
    }
}
