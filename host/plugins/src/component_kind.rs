//! Element kinds that are components.

use spec_strategy::{Configured, ElementInput, ElementKind, KindDescription, KindError};

use crate::answer_cache::{AnswerCache, answer_key};
use crate::failure::PluginFailure;
use crate::kind::KindInstance;
use crate::lazy_component::LazyComponent;
use crate::{check_answer, conv};

/// An element kind that is a component.
pub(crate) struct ComponentKind {
    component: LazyComponent,
    answers: Option<AnswerCache>,
    description: KindDescription,
}

impl ComponentKind {
    /// The component as the element kind of this name.
    pub(crate) fn new(
        kind: &str,
        component: LazyComponent,
        answers: Option<AnswerCache>,
    ) -> Result<Self, KindError> {
        let mut new = Self { component, answers, description: KindDescription::default() };
        new.description = new.describe()?;
        if new.description.name != kind {
            let message = format!("it implements the element kind '{}', not '{kind}'", new.description.name);
            let failure =
                PluginFailure::plugin("plugin-wrong-kind", message).hint("correct the kind or the file");
            return Err(failure.of(&new.component.name, "describe"));
        }
        Ok(new)
    }

    /// Writes its answers to the cache.
    pub(crate) fn save_answers(&self) {
        if let Some(Err(error)) = self.answers.as_ref().map(AnswerCache::save) {
            tracing::debug!("answers of {} cannot be cached: {error}", self.component.name.0);
        }
    }

    fn describe(&self) -> Result<KindDescription, KindError> {
        let key = answer_key("describe", &());
        if let Some(cached) = self.answers.as_ref().and_then(|answers| answers.get(&key)) {
            return Ok(cached);
        }
        let description = self.component.call("describe", KindInstance::describe)?;
        if let Some(answers) = &self.answers {
            answers.insert(key, &description);
        }
        Ok(description)
    }
}

impl ElementKind for ComponentKind {
    fn description(&self) -> &KindDescription {
        &self.description
    }

    fn configure(&self, input: &ElementInput) -> Result<Configured, KindError> {
        let (flat, positions) = conv::input(input);
        let key = answer_key("configure", &flat);
        if let Some(cached) = self.answers.as_ref().and_then(|answers| answers.get(&key)) {
            return Ok(cached);
        }
        let activity = format!("configure({})", input.name);
        let broken = |failure: PluginFailure| failure.of(&self.component.name, &activity);
        let configured = match self.component.call(&activity, |instance| instance.configure(&flat))? {
            Ok((values, plan)) => {
                let (count, runs_commands) = (input.dependencies.len(), self.description.runs_commands);
                check_answer::configured(values, plan, count, runs_commands).map_err(broken)?
            }
            Err(rejection) => {
                return Err(check_answer::rejection(rejection, &positions).unwrap_or_else(broken));
            }
        };
        if let Some(answers) = &self.answers {
            answers.insert(key, &configured);
        }
        Ok(configured)
    }
}
