//! The facts of a test.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::facts::{ChangedInput, Digest, ElementState, Execution, Purpose, TransferSize, Trigger, Workers};

thread_local! {
    static FACTS: RefCell<TestFacts> = RefCell::new(TestFacts::default());
}

/// The facts that a plugin finds in a test. What is not set is not known.
#[derive(Clone, Debug, Default)]
pub struct TestFacts {
    /// The elements of the project, by number.
    pub elements: BTreeMap<u32, TestProjectElement>,
    /// The recorded actions, by number.
    pub actions: BTreeMap<u32, TestAction>,
    /// The names of programs, by number.
    pub programs: BTreeMap<u32, String>,
    /// The inputs of questions of `choose` and `observe`, by number.
    pub inputs: BTreeMap<u32, TestInput>,
    /// The paths of the question of `select`, by number.
    pub paths: BTreeMap<u32, String>,
    /// What triggered the session; it builds nothing by default.
    pub trigger: Option<Trigger>,
    /// The workers.
    pub workers: Vec<Workers>,
    /// The time since the session began, in milliseconds.
    pub elapsed_ms: u64,
}

/// An element of the project.
#[derive(Clone, Debug, Default)]
pub struct TestProjectElement {
    /// Its full name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: Option<ElementState>,
    /// The elements that are staged for its build.
    pub build_dependencies: Vec<u32>,
}

/// A recorded action.
#[derive(Clone, Debug, Default)]
pub struct TestAction {
    /// The element that requests it.
    pub element: Option<u32>,
    /// Program and arguments.
    pub command_line: Vec<String>,
    /// The paths of its outputs.
    pub output_paths: Vec<String>,
    /// The paths of its recorded inputs.
    pub input_paths: Vec<String>,
    /// The inputs that are predicted to differ.
    pub changed_inputs: Vec<ChangedInput>,
    /// The recorded actions that read its outputs.
    pub readers: Vec<u32>,
    /// Its executions in the past.
    pub history: Vec<Execution>,
    /// The bytes that its execution moves.
    pub transfer: Option<TransferSize>,
}

/// An input of questions of `choose` and `observe`.
#[derive(Clone, Debug, Default)]
pub struct TestInput {
    /// Its path.
    pub path: String,
    /// Its recorded content.
    pub recorded: Option<Digest>,
    /// The contents of its alternatives now.
    pub current: Vec<Option<Digest>>,
}

impl TestFacts {
    /// Runs `test`, in which the plugin finds these facts.
    pub fn during<T>(self, test: impl FnOnce() -> T) -> T {
        let before = FACTS.replace(self);
        let answer = test();
        FACTS.set(before);
        answer
    }

    pub(crate) fn element_name(&self, element: u32) -> Option<String> {
        self.elements.get(&element).map(|element| element.name.clone())
    }

    pub(crate) fn element_kind(&self, element: u32) -> Option<String> {
        self.elements.get(&element).map(|element| element.kind.clone())
    }

    pub(crate) fn element_state(&self, element: u32) -> Option<ElementState> {
        self.elements.get(&element)?.state
    }

    pub(crate) fn build_dependencies(&self, element: u32) -> Vec<u32> {
        self.elements.get(&element).map_or_else(Vec::new, |element| element.build_dependencies.clone())
    }

    pub(crate) fn recorded(&self, actions: &[u32]) -> Vec<Option<Execution>> {
        actions.iter().map(|action| self.actions.get(action)?.history.first().copied()).collect()
    }

    pub(crate) fn program_name(&self, program: u32) -> Option<String> {
        self.programs.get(&program).cloned()
    }

    pub(crate) fn element_of(&self, action: u32) -> Option<u32> {
        self.actions.get(&action)?.element
    }

    pub(crate) fn command_line(&self, action: u32) -> Vec<String> {
        self.of_action(action, |action| action.command_line.clone())
    }

    pub(crate) fn output_paths(&self, action: u32) -> Vec<String> {
        self.of_action(action, |action| action.output_paths.clone())
    }

    pub(crate) fn input_paths(&self, action: u32) -> Vec<String> {
        self.of_action(action, |action| action.input_paths.clone())
    }

    pub(crate) fn changed_inputs(&self, action: u32) -> Vec<ChangedInput> {
        self.of_action(action, |action| action.changed_inputs.clone())
    }

    pub(crate) fn readers(&self, action: u32) -> Vec<u32> {
        self.of_action(action, |action| action.readers.clone())
    }

    pub(crate) fn history(&self, action: u32) -> Vec<Execution> {
        self.of_action(action, |action| action.history.clone())
    }

    pub(crate) fn transfer(&self, action: u32) -> Option<TransferSize> {
        self.actions.get(&action)?.transfer
    }

    pub(crate) fn input_path(&self, input: u32) -> Option<String> {
        self.inputs.get(&input).map(|input| input.path.clone())
    }

    pub(crate) fn path(&self, path: u32) -> Option<String> {
        self.paths.get(&path).cloned()
    }

    pub(crate) fn recorded_content(&self, input: u32) -> Option<Digest> {
        self.inputs.get(&input)?.recorded.clone()
    }

    pub(crate) fn current_content(&self, input: u32, alternative: u8) -> Option<Digest> {
        self.inputs.get(&input)?.current.get(usize::from(alternative))?.clone()
    }

    pub(crate) fn trigger(&self) -> Trigger {
        let nothing = Trigger { purpose: Purpose::Build, targets: Vec::new(), changed: Vec::new() };
        self.trigger.clone().unwrap_or(nothing)
    }

    pub(crate) fn workers(&self) -> Vec<Workers> {
        self.workers.clone()
    }

    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms
    }

    fn of_action<T>(&self, action: u32, fact: impl FnOnce(&TestAction) -> Vec<T>) -> Vec<T> {
        self.actions.get(&action).map_or_else(Vec::new, fact)
    }
}

/// Asks the facts of the present test.
pub(crate) fn ask<T>(question: impl FnOnce(&TestFacts) -> T) -> T {
    FACTS.with_borrow(question)
}
