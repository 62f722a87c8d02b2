//! The contracts that plugins implement: element kinds, overlay policies and priming policies.
//!
//! Each contract is a trait over plain data. This crate knows no WebAssembly: `spec-plugins` implements the traits with
//! components, tests implement them directly.

mod built_in;
mod element_kind;
mod error;
mod overlay_policy;
mod plan;
mod priming_policy;
mod registry;

pub use built_in::{BuiltInOverlayPolicy, BuiltInPrimingPolicy};
pub use element_kind::{Configured, DependencyInput, ElementInput, ElementKind, Forbids, KindDescription};
pub use error::{KindError, PolicyError};
pub use overlay_policy::{
    ChangedFile, Choice, InputAlternatives, InputOrigins, OriginInfo, OriginKind, OriginState, OverlayPolicy,
    Proposal, SetEdit,
};
pub use plan::{Command, CommandGroup, DigestEnvironment, Plan, Step};
pub use priming_policy::{Candidate, Decision, Machine, Observation, Outcome, PrimingPolicy, SkipReason};
pub use registry::{KindRegistry, KindRequest};
