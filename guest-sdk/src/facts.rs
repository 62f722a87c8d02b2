//! What policies can ask about the session. Only those who ask pay: a question costs less than a microsecond, and a component
//! imports only the functions that it calls.
//!
//! Elements, actions, programs and inputs are the numbers of the questions; a number that the host did not give has no facts.
//! In a native test the answers are those of [`testing::TestFacts`](crate::testing::TestFacts):
//!
//! ```
//! use spec_guest_sdk::facts;
//! use spec_guest_sdk::testing::{TestAction, TestFacts};
//!
//! let action = TestAction { command_line: vec!["cc".to_owned(), "-O3".to_owned()], ..TestAction::default() };
//! TestFacts { actions: [(7, action)].into(), ..TestFacts::default() }.during(|| {
//!     assert_eq!(facts::command_line(7), ["cc", "-O3"]);
//!     assert_eq!(facts::command_line(8), [""; 0]);
//! });
//! ```

pub use crate::bindings::imports::spec::plugin::actions::{ChangedInput, Digest, Execution, TransferSize};
pub use crate::bindings::imports::spec::plugin::elements::ElementState;
pub use crate::bindings::imports::spec::plugin::session_facts::{Purpose, Trigger, WorkerKind, Workers};

macro_rules! facts {
    ($(
        $(#[$doc:meta])*
        $name:ident = $interface:ident::$function:ident($($argument:ident: $type:ty),*) -> $answer:ty;
    )*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name($($argument: $type),*) -> $answer {
                #[cfg(target_family = "wasm")]
                let answer = crate::bindings::imports::spec::plugin::$interface::$function($($argument),*);
                #[cfg(not(target_family = "wasm"))]
                let answer = crate::testing::ask(|facts| facts.$name($($argument),*));
                answer
            }
        )*
    };
}

facts! {
    /// The full name of an element, such as `junction.bst:element.bst`.
    element_name = elements::element_name(element: u32) -> Option<String>;
    /// The kind of an element, such as `autotools`.
    element_kind = elements::element_kind(element: u32) -> Option<String>;
    /// The state of an element now.
    element_state = elements::state(element: u32) -> Option<ElementState>;
    /// The elements that are staged for the build of an element.
    build_dependencies = elements::build_dependencies(element: u32) -> Vec<u32>;

    /// The program of a number: the first argument.
    program_name = actions::program_name(program: u32) -> Option<String>;
    /// The element that requests an action.
    element_of = actions::element(action: u32) -> Option<u32>;
    /// Program and arguments of an action as it was recorded; empty if they are not known.
    command_line = actions::command_line(action: u32) -> Vec<String>;
    /// The paths of the outputs of an action.
    output_paths = actions::output_paths(action: u32) -> Vec<String>;
    /// The paths of the recorded inputs of an action.
    input_paths = actions::input_paths(action: u32) -> Vec<String>;
    /// The inputs of an action that are predicted to differ from the recorded ones.
    changed_inputs = actions::changed_inputs(action: u32) -> Vec<ChangedInput>;
    /// The recorded actions that read outputs of an action.
    readers = actions::readers(action: u32) -> Vec<u32>;
    /// The executions of an action in the past, the latest first; at most 8.
    history = actions::history(action: u32) -> Vec<Execution>;
    /// The bytes that the execution of an action moves.
    transfer = actions::transfer(action: u32) -> Option<TransferSize>;

    /// The path of an input in the input root, by its number in questions of `choose` and `observe`.
    input_path = inputs::input_path(input: u32) -> Option<String>;
    /// The text of a path number in the question of `select` that the host asks now.
    path = inputs::path(path: u32) -> Option<String>;
    /// The recorded content of an input.
    recorded_content = inputs::recorded(input: u32) -> Option<Digest>;
    /// The content of one alternative of an input now; `None` while it is not known.
    current_content = inputs::current(input: u32, alternative: u8) -> Option<Digest>;

    /// What triggered the session.
    trigger = session_facts::triggered_by() -> Trigger;
    /// The workers, each kind once.
    workers = session_facts::all_workers() -> Vec<Workers>;
    /// The time since the session began, in milliseconds.
    elapsed_ms = session_facts::elapsed_ms() -> u64;
}

/// How long each of these actions took when it was recorded, in the same order; `None` where it is not known.
#[must_use]
pub fn recorded(actions: &[u32]) -> Vec<Option<Execution>> {
    #[cfg(target_family = "wasm")]
    let answer = {
        let times = crate::bindings::imports::spec::plugin::actions::recorded_times(actions);
        let known = |ms: u32| (ms > 0).then_some(ms);
        let execution =
            |(run, cpu): (u32, u32)| known(run).map(|run_ms| Execution { run_ms, cpu_ms: known(cpu) });
        times.run_ms.into_iter().zip(times.cpu_ms).map(execution).collect()
    };
    #[cfg(not(target_family = "wasm"))]
    let answer = crate::testing::ask(|facts| facts.recorded(actions));
    answer
}
