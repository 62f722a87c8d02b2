//! The facts that policies can ask for beyond what their questions say. Nothing is computed for a policy that does not ask.
//!
//! The session answers what is about itself and its elements ([`SessionFacts`]), the predictions what is about actions and
//! inputs. Every method has an answer for what is not known, and gives it by default.

use std::fmt;

use spec_model::Digest;

/// Facts about a session, its elements and its workers. Elements are numbers, the same in all questions of the session; one
/// that does not exist has no facts.
pub trait SessionFacts: fmt::Debug + Send + Sync {
    /// The number of the element with this full name.
    fn element_number(&self, _name: &str) -> Option<u32> {
        None
    }

    /// The full name of an element, such as `junction.bst:element.bst`.
    fn element_name(&self, _element: u32) -> Option<String> {
        None
    }

    /// The kind of an element.
    fn element_kind(&self, _element: u32) -> Option<String> {
        None
    }

    /// The state of an element now.
    fn element_state(&self, _element: u32) -> Option<ElementState> {
        None
    }

    /// The elements that are staged for the build of an element.
    fn build_dependencies(&self, _element: u32) -> Vec<u32> {
        Vec::new()
    }

    /// Program and arguments of a stored REAPI Command; empty when it cannot be read.
    fn arguments(&self, _command: &Digest) -> Vec<String> {
        Vec::new()
    }

    /// Why the session does its work.
    fn trigger(&self) -> Trigger {
        Trigger::default()
    }

    /// The workers, each kind once.
    fn workers(&self) -> Vec<Workers> {
        Vec::new()
    }

    /// The time since the session began, in milliseconds.
    fn elapsed_ms(&self) -> u64 {
        0
    }
}

/// Facts about recorded actions, for priming policies. Actions are numbers, the same in all questions of the session.
pub trait PrimingFacts {
    /// Facts about the session.
    fn session(&self) -> &dyn SessionFacts {
        &NoFacts
    }

    /// The program with this number: the first argument of its actions.
    fn program_name(&self, _program: u32) -> Option<String> {
        None
    }

    /// The element that requests an action.
    fn element_of(&self, _action: u32) -> Option<u32> {
        None
    }

    /// Program and arguments of an action as it was recorded; empty when they are not known.
    fn command_line(&self, _action: u32) -> Vec<String> {
        Vec::new()
    }

    /// The paths of the outputs of an action.
    fn output_paths(&self, _action: u32) -> Vec<String> {
        Vec::new()
    }

    /// The paths of the recorded inputs of an action in its input root.
    fn input_paths(&self, _action: u32) -> Vec<String> {
        Vec::new()
    }

    /// The inputs of an action that are predicted to differ from the recorded ones.
    fn changed_inputs(&self, _action: u32) -> Vec<ChangedInput> {
        Vec::new()
    }

    /// The recorded actions that read outputs of an action.
    fn readers(&self, _action: u32) -> Vec<u32> {
        Vec::new()
    }

    /// The execution of an action that was recorded: the first of its history.
    fn last_execution(&self, action: u32) -> Option<PastExecution> {
        self.history(action).into_iter().next()
    }

    /// The executions of an action in the past, the latest first; at most 8.
    fn history(&self, _action: u32) -> Vec<PastExecution> {
        Vec::new()
    }

    /// The bytes that the execution of an action moves.
    fn transfer(&self, _action: u32) -> Option<Transfer> {
        None
    }
}

/// Facts about the inputs of the questions of an overlay policy.
pub trait OverlayFacts {
    /// Facts about the session.
    fn session(&self) -> &dyn SessionFacts {
        &NoFacts
    }

    /// The path of an input in the input root, by its number in questions of `choose` and `observe`.
    fn input_path(&self, _input: u32) -> Option<String> {
        None
    }

    /// The path with this number in the question of `select` that is asked now.
    fn path(&self, _path: u32) -> Option<String> {
        None
    }

    /// The recorded content of an input: of a file, or the target of a symbolic link.
    fn recorded_content(&self, _input: u32) -> Option<Digest> {
        None
    }

    /// The content of one alternative of an input now; `None` while it is not known.
    fn current_content(&self, _input: u32, _alternative: u8) -> Option<Digest> {
        None
    }
}

/// For calls outside a session: nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl SessionFacts for NoFacts {}
impl PrimingFacts for NoFacts {}
impl OverlayFacts for NoFacts {}

/// The state of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementState {
    /// Its artifact is there.
    Cached,
    /// It waits for others, or for a builder.
    Waiting,
    /// It is being built.
    Building,
    /// It was built in this session.
    Built,
    /// Its build failed, or it is not built since another one failed.
    Failed,
}

/// An input whose content is predicted to differ from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedInput {
    /// Its path in the input root.
    pub path: String,
    /// The recorded content, or target of a symbolic link; `None` for an input that is added.
    pub before: Option<Digest>,
    /// The content now; `None` for an input that is removed.
    pub after: Option<Digest>,
}

/// An execution of an action in an earlier session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastExecution {
    /// How long it ran, in milliseconds.
    pub run_ms: u32,
    /// The CPU time that it took, in milliseconds.
    pub cpu_ms: Option<u32>,
}

/// The bytes that an execution moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// The size of all inputs.
    pub input_bytes: u64,
    /// The size of the inputs that differ from the recorded ones.
    pub changed_bytes: u64,
    /// The size of all outputs when it was recorded.
    pub output_bytes: u64,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It builds.
    #[default]
    Build,
    /// It only primes.
    Prime,
    /// A recording is replayed.
    Replay,
}

/// Why a session does its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// What the session is for.
    pub purpose: Purpose,
    /// The names of the elements that the user asked for.
    pub targets: Vec<String>,
    /// The elements that are built though nothing that they depend on is: those that caused the work.
    pub changed: Vec<u32>,
}

/// Where workers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerKind {
    /// On this machine.
    Local,
    /// On a cluster behind the Remote Execution API.
    Remote,
    /// In a simulation.
    Simulated,
}

/// The workers of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Where they are.
    pub kind: WorkerKind,
    /// Actions that they can run at a time; `None` if it is not known.
    pub slots: Option<u32>,
    /// Actions that run or wait there.
    pub busy: u32,
    /// The time from a request to its answer without the execution, in microseconds; `None` if it is not known.
    pub latency_us: Option<u32>,
}
