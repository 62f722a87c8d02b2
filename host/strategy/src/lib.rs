//! The contracts that teams can replace: what a strategy is asked, what it answers, and how it can fail.
//!
//! A strategy is a plain trait over plain data. This crate knows no WebAssembly: the plugin room implements these
//! traits with components, tests implement them with a few lines.

mod element_kind;
mod error;
mod plan;
mod registry;

pub use element_kind::{Configured, DependencyInput, ElementInput, ElementKind, Forbids, KindDescription};
pub use error::{Blame, KindError};
pub use plan::{Command, CommandGroup, DigestEnvironment, Plan, Step};
pub use registry::{KindRegistry, KindRequest};
