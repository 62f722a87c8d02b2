//! The facts from which the functions that components import are answered: those of the call that runs now on this thread.
//!
//! A component's store outlives every call, so that it cannot hold a reference to facts that are borrowed for one call.

use scoped_tls_hkt::scoped_thread_local;
use spec_strategy::{NoFacts, OverlayFacts, PrimingFacts, SessionFacts};

use crate::dependency_questions::{AnswerDependencies, NoQuestions};

/// The facts of a call.
#[derive(Clone, Copy)]
pub(crate) struct CallFacts<'a> {
    pub(crate) session: &'a dyn SessionFacts,
    pub(crate) actions: &'a dyn PrimingFacts,
    pub(crate) inputs: &'a dyn OverlayFacts,
    pub(crate) dependencies: &'a dyn AnswerDependencies,
    /// The entries of the question.
    pub(crate) entries: usize,
}

scoped_thread_local!(static FACTS: for<'a> CallFacts<'a>);

impl<'a> CallFacts<'a> {
    /// For calls outside a session.
    pub(crate) const NONE: CallFacts<'static> = CallFacts {
        session: &NoFacts,
        actions: &NoFacts,
        inputs: &NoFacts,
        dependencies: &NoQuestions,
        entries: 1,
    };

    pub(crate) fn of_element(dependencies: &'a dyn AnswerDependencies) -> Self {
        Self { dependencies, ..CallFacts::NONE }
    }

    pub(crate) fn of_priming(facts: &'a dyn PrimingFacts) -> Self {
        Self { session: facts.session(), actions: facts, ..CallFacts::NONE }
    }

    pub(crate) fn of_overlay(facts: &'a dyn OverlayFacts) -> Self {
        Self { session: facts.session(), inputs: facts, ..CallFacts::NONE }
    }

    /// The same facts, for a question with so many entries.
    pub(crate) fn about(self, entries: usize) -> Self {
        Self { entries, ..self }
    }

    /// Makes a call whose imported functions are answered from these facts.
    pub(crate) fn during<T>(self, call: impl FnOnce() -> T) -> T {
        FACTS.set(self, call)
    }
}

/// Asks the facts of the present call.
pub(crate) fn ask<T>(question: impl FnOnce(CallFacts<'_>) -> T) -> T {
    if FACTS.is_set() { FACTS.with(question) } else { question(CallFacts::NONE) }
}
