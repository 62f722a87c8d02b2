//! The contracts that teams can replace: what a strategy is asked, what it answers, and how it can fail.
//!
//! A strategy is a plain trait over plain data. This crate knows no WebAssembly: the plugin room implements these
//! traits with components, tests implement them with a few lines.

mod element_kind;
mod error;
mod overlay_policy;
mod plan;
mod priming_policy;
mod registry;
mod standard;

pub use element_kind::{Configured, DependencyInput, ElementInput, ElementKind, Forbids, KindDescription};
pub use error::{Blame, KindError, PolicyError};
pub use overlay_policy::{
    ChangedFile, Choice, InputOrigins, InputStanding, OriginFacts, OriginKind, OverlayPolicy, Proposal,
    SetEdit, Standing,
};
pub use plan::{Command, CommandGroup, DigestEnvironment, Plan, Step};
pub use priming_policy::{Candidate, Decision, Machine, Observation, Outcome, PrimingPolicy, SkipReason};
pub use registry::{KindRegistry, KindRequest};
pub use standard::{StandardOverlays, StandardPriming};
