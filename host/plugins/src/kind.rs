//! An element kind that is a component.

use std::sync::Arc;
use std::time::Duration;

use spec_strategy::{Configured, ElementInput, ElementKind, KindDescription, KindError};

use crate::bindings::ElementKindPre;
use crate::clock::Clock;
use crate::failure::{Failure, PluginName};
use crate::instance::{Instance, State};
use crate::pool::{KindId, Pool};
use crate::{Limits, answer, conv};

/// What all kinds share.
pub(crate) struct Shared {
    pub(crate) pool: Pool<Instance>,
    pub(crate) limits: Limits,
    /// Keeps the clock of the engine going.
    pub(crate) _clock: Clock,
}

/// An element kind that is a component.
pub(crate) struct ComponentKind {
    name: PluginName,
    id: KindId,
    description: KindDescription,
    component: ElementKindPre<State>,
    shared: Arc<Shared>,
}

impl ComponentKind {
    /// The component as the element kind `kind`.
    pub(crate) fn new(
        name: PluginName,
        kind: &str,
        id: KindId,
        component: ElementKindPre<State>,
        shared: Arc<Shared>,
    ) -> Result<Self, KindError> {
        let mut new = Self { name, id, description: KindDescription::default(), component, shared };
        let description = new.call("describe", Instance::describe)?;
        new.description = conv::description(description);
        if new.description.name != kind {
            let message = format!(
                "it is the element kind '{}', but was given for '{kind}'; correct the kind or the file",
                new.description.name
            );
            return Err(Failure::plugin("plugin-wrong-kind", message).of(&new.name, "describe"));
        }
        Ok(new)
    }

    /// Calls an export of a warm or a new instance, and keeps the instance if it is still good.
    fn call<T>(
        &self,
        activity: &str,
        export: impl FnOnce(&mut Instance) -> Result<T, Failure>,
    ) -> Result<T, KindError> {
        let broken = |failure: Failure| failure.of(&self.name, activity);
        let patience = self.shared.limits.deadline.saturating_mul(4).max(Duration::from_secs(1));
        let busy = || Failure::host("all plugin instances are busy; run fewer builders at once");
        let mut lease = self.shared.pool.lease(self.id, patience).ok_or_else(|| broken(busy()))?;
        let mut instance = match lease.take() {
            Some(instance) => instance,
            None => Instance::new(&self.component, &self.shared.limits).map_err(broken)?,
        };
        let answer = export(&mut instance).map_err(broken)?;
        if !instance.is_worn() {
            lease.keep(instance);
        }
        Ok(answer)
    }
}

impl ElementKind for ComponentKind {
    fn description(&self) -> &KindDescription {
        &self.description
    }

    fn configure(&self, input: &ElementInput) -> Result<Configured, KindError> {
        let activity = || format!("configure({})", input.name);
        let (flat, places) = conv::input(input);
        let broken = |failure: Failure| failure.of(&self.name, activity());
        match self.call(&activity(), |instance| instance.configure(&flat))? {
            Ok(answer) => answer::configured(answer, input.dependencies.len()).map_err(broken),
            Err(rejection) => Err(answer::rejection(rejection, &places).unwrap_or_else(broken)),
        }
    }
}
