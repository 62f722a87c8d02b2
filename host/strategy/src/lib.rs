//! The contracts that plugins implement: element kinds, overlay policies and priming policies.
//!
//! Each contract is a trait over plain data; what a policy may ask beyond its questions are the traits of facts. This crate knows no WebAssembly: `spec-plugins` implements the traits with
//! components, tests implement them directly.

mod built_in;
mod configured;
mod dependency_facts;
mod element_kind;
mod error;
mod facts;
mod overlay_policy;
mod plan;
mod priming_policy;
mod reason_code;
mod registry;

pub use built_in::{BuiltInOverlayPolicy, BuiltInPrimingPolicy};
pub use configured::Configured;
pub use dependency_facts::{DependencyFacts, NoDependencies, PublicData, StagedElementFacts};
pub use element_kind::{DependencyInput, ElementInput, ElementKind, Forbids, KindDescription};
pub use error::{KindError, PolicyError};
pub use facts::{
    ChangedInput, ElementState, NoFacts, OverlayFacts, PastExecution, PrimingFacts, Purpose, SessionFacts,
    Transfer, Trigger, WorkerKind, Workers,
};
pub use overlay_policy::{
    ChangedFile, Choice, ChoiceObservation, InputAlternatives, InputOrigins, OriginInfo, OriginKind,
    OriginState, OverlayPolicy, OverlayWants, Proposal, SetEdit,
};
pub use plan::{BuildRefusal, Command, CommandGroup, DigestEnvironment, Plan, Step};
pub use priming_policy::{
    Candidate, Decision, LastDecision, Observation, Outcome, PrimingLoad, PrimingPolicy, PrimingWants,
    Revision, SkipReason, SubmittedAction,
};
pub use reason_code::ReasonCode;
pub use registry::{KindRegistry, KindRequest};
