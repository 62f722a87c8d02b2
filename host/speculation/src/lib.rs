//! Speculative actions: what a build asked for is recorded, and before the next build asks, it is adapted and run.
//!
//! The way of a record: [`Build`] is what is known of a build; [`generate`](fn@generate) attributes every input of
//! every action to its origin and stores a [`Record`]. The words and the reasons are in `docs/speculation.md`.
//!
//! The crate runs nothing and waits for nothing. It reads and writes messages in the store, never contents of files.

mod account;
mod attribute;
#[cfg(test)]
mod cycle;
mod error;
mod expand;
mod explain;
#[cfg(test)]
mod failures;
mod feedback;
mod generate;
mod inputs;
mod instantiate;
mod lookup;
mod message;
mod mode;
mod paths;
mod policy;
mod prefetch;
pub mod prime;
mod record;
mod resolve;
#[cfg(test)]
mod testing;

pub use account::{Account, Awaited, Bucket, Skipped};
pub use attribute::{Build, Counts, LayerKind, Staged, StagedLayer, Staging};
pub use error::{Result, SpeculationError};
pub use expand::{Expanded, ExpandedAction};
pub use explain::{Difference, explain};
pub use feedback::Request;
pub use generate::{Generated, generate};
pub use instantiate::{Adaptation, Instantiated, Instantiator};
pub use lookup::look_up;
pub use mode::{Mode, ParseModeError};
pub use paths::{PathId, Paths};
pub use policy::{HasBuiltIn, OverlaySlot, PolicySlot, PolicyWarning, PrimingSlot};
pub use record::{
    Content, Input, InputId, InputIndex, NameId, Origin, PlatformTree, Record, RecordedAction,
    RecordedOutput, record_needs,
};
pub use resolve::{ActionId, ElementId, Fact, Impossible, PlaceId, Resolver, TreeId, Verdict, Woken};
