//! Element kinds that are components.

use serde::{Deserialize, Serialize};
use spec_strategy::{Configured, DependencyFacts, ElementInput, ElementKind, KindDescription, KindError};

use crate::answer_cache::{AnswerCache, AnswerKey, answer_key};
use crate::call_facts::CallFacts;
use crate::dependency_questions::{AskedDependencies, DependencyQuestion};
use crate::element_question::element_question;
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

    fn configure(
        &self,
        input: &ElementInput,
        dependencies: &dyn DependencyFacts,
    ) -> Result<Configured, KindError> {
        let asked = AskedDependencies::new(dependencies);
        let key = element_question(input);
        let activity = format!("configure({})", input.name);
        let broken = |failure: PluginFailure| failure.of(&self.component.name, &activity);
        let mut configured = match self.kept(&key, &asked) {
            Some(kept) => kept,
            None => {
                let (flat, positions) = conv::input(input);
                let call = |instance: &mut KindInstance| {
                    CallFacts::of_element(&asked).during(|| instance.configure(&flat))
                };
                let (values, plan) = match self.component.call(&activity, call)? {
                    Ok(answer) => answer,
                    Err(rejection) => {
                        return Err(check_answer::rejection(rejection, &positions).unwrap_or_else(broken));
                    }
                };
                let (count, runs_commands) = (input.dependencies.len(), self.description.runs_commands);
                let checked = check_answer::configured(values, plan, count, runs_commands);
                let (unique_key, plan) = checked.map_err(broken)?;
                let configured = Configured::new(&unique_key, plan);
                self.keep(key, &asked, &configured);
                configured
            }
        };
        if let Some(refusal) = &mut configured.refusal {
            let (_, positions) = conv::input(input);
            check_answer::place(refusal, &positions).map_err(broken)?;
        }
        Ok(configured)
    }
}

/// What is kept under the question of an element.
#[derive(Serialize, Deserialize)]
enum KeptAnswer {
    /// The answer, which rests on the question alone.
    Whole(Box<Configured>),
    /// What the kind asked about dependencies: the answer is kept under the question and the answers to these.
    Asked(Vec<DependencyQuestion>),
}

impl ComponentKind {
    /// The kept answer to a question, if the kind would be told the same about dependencies.
    fn kept(&self, key: &AnswerKey, asked: &AskedDependencies<'_>) -> Option<Configured> {
        let answers = self.answers.as_ref()?;
        match answers.get(key)? {
            KeptAnswer::Whole(configured) => Some(*configured),
            KeptAnswer::Asked(questions) => {
                answers.get(&answer_key("answer", &(key, asked.answers_to(&questions))))
            }
        }
    }

    fn keep(&self, key: AnswerKey, asked: &AskedDependencies<'_>, configured: &Configured) {
        let Some(answers) = &self.answers else { return };
        let (questions, told) = asked.take_parts();
        if questions.is_empty() {
            answers.insert(key, &KeptAnswer::Whole(Box::new(configured.clone())));
        } else {
            answers.insert(answer_key("answer", &(key, told)), configured);
            answers.insert(key, &KeptAnswer::Asked(questions));
        }
    }
}
