//! An element kind that is a component.

use spec_strategy::{Configured, ElementInput, ElementKind, KindDescription, KindError};

use crate::answers::{Answers, question};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::lazy::LazyComponent;
use crate::{answer, conv};

/// An element kind that is a component.
pub(crate) struct Kind {
    component: LazyComponent,
    answers: Option<Answers>,
    description: KindDescription,
}

impl Kind {
    /// The component as the element kind `kind`.
    pub(crate) fn new(
        kind: &str,
        component: LazyComponent,
        answers: Option<Answers>,
    ) -> Result<Self, KindError> {
        let mut new = Self { component, answers, description: KindDescription::default() };
        new.description = new.describe()?;
        if new.description.name != kind {
            let message = format!(
                "it is the element kind '{}', but was given for '{kind}'; correct the kind or the file",
                new.description.name
            );
            return Err(Failure::plugin("plugin-wrong-kind", message).of(&new.component.name, "describe"));
        }
        Ok(new)
    }

    /// Writes what it answered, so that it need not be asked again.
    pub(crate) fn keep_answers(&self) {
        if let Some(Err(error)) = self.answers.as_ref().map(Answers::save) {
            tracing::debug!("answers of {} cannot be kept: {error}", self.component.name.0);
        }
    }

    fn describe(&self) -> Result<KindDescription, KindError> {
        let question = question("describe", &());
        if let Some(known) = self.answers.as_ref().and_then(|answers| answers.recall(&question)) {
            return Ok(known);
        }
        let description = conv::description(self.component.call("describe", Instance::describe)?);
        if let Some(answers) = &self.answers {
            answers.keep(question, &description);
        }
        Ok(description)
    }
}

impl ElementKind for Kind {
    fn description(&self) -> &KindDescription {
        &self.description
    }

    fn configure(&self, input: &ElementInput) -> Result<Configured, KindError> {
        let (flat, places) = conv::input(input);
        let question = question("configure", &flat);
        if let Some(known) = self.answers.as_ref().and_then(|answers| answers.recall(&question)) {
            return Ok(known);
        }
        let activity = format!("configure({})", input.name);
        let broken = |failure: Failure| failure.of(&self.component.name, &activity);
        let configured = match self.component.call(&activity, |instance| instance.configure(&flat))? {
            Ok(answer) => answer::configured(answer, input.dependencies.len()).map_err(broken)?,
            Err(rejection) => return Err(answer::rejection(rejection, &places).unwrap_or_else(broken)),
        };
        if let Some(answers) = &self.answers {
            answers.keep(question, &configured);
        }
        Ok(configured)
    }
}
