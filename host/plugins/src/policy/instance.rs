//! Instances of policies.

use std::sync::Arc;

use spec_strategy::{ChangedFile, PolicyError};
use wasmtime::Store;
use wasmtime::component::Component;

use crate::call_facts::CallFacts;
use crate::engine::SharedEngine;
use crate::failure::{PluginFailure, PluginName};
use crate::instance::Instance;
use crate::instance_state::InstanceState;
use crate::world::World;

/// So many bytes of a file may be as much work as an entry of another question.
const BYTES_PER_ENTRY: usize = 4096;

/// The instance of a policy, which lives as long as the session.
pub(super) struct PolicyInstance<W> {
    pub(super) name: PluginName,
    instance: Instance<W>,
    /// Keeps the thread going that ends calls at their deadline.
    engine: Arc<SharedEngine>,
}

impl<W: World> PolicyInstance<W> {
    pub(super) fn start(
        name: PluginName,
        engine: Arc<SharedEngine>,
        component: &Component,
    ) -> Result<Self, PluginFailure> {
        let code = engine.prepare::<W>(component)?;
        let instance = Instance::new(&name, &code, &engine.limits.of_policy())?.for_session();
        Ok(Self { name, instance, engine })
    }

    /// Calls an export. What it asks is answered from the facts.
    pub(super) fn call<T>(
        &mut self,
        activity: &'static str,
        facts: CallFacts<'_>,
        export: impl FnOnce(&W, &mut Store<InstanceState>) -> wasmtime::Result<T>,
    ) -> Result<T, PolicyError> {
        let answer = facts.during(|| self.instance.call(facts.entries, export));
        self.engine.usage.record(self.instance.usage());
        answer.map_err(|failure| failure.of_policy(&self.name, activity))
    }

    /// The error that an answer is not valid.
    pub(super) fn invalid(&self, activity: &'static str, what: &str) -> PolicyError {
        PluginFailure::answer(what).of_policy(&self.name, activity)
    }
}

/// The entries that a question about files counts for.
pub(super) fn entries_of(files: &[ChangedFile]) -> usize {
    let bytes: usize = files.iter().map(|file| file.before.len() + file.after.len()).sum();
    files.len() + bytes / BYTES_PER_ENTRY
}
