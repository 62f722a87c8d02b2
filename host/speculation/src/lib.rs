//! Speculative actions: records the actions that a build requests, and before the next build requests them, adapts and
//! executes them.
//!
//! [`generate_record`] attributes the inputs of a build's actions to their origins and stores a [`Record`]. In the next
//! session, a [`Resolver`] predicts which actions the build will request, an [`Instantiator`] makes them, and
//! [`priming::PrimingState`] decides which are executed. The terms and the reasons are in `docs/speculation.md`.
//!
//! The crate executes nothing and waits for nothing. It reads and writes messages in the store, and no contents of files.

mod accounting;
mod action_diff;
mod attribution;
mod error;
mod expanded_record;
mod generate;
mod guarded_policy;
mod input_root;
mod instantiate;
mod lookup;
mod message;
mod misses;
mod mode;
mod packed_messages;
mod path_table;
mod policy_check;
mod policy_listener;
mod prefetch;
pub mod priming;
mod record;
mod record_store;
mod requested_action;
mod resolve;
mod shadow_policy;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trial_policy;

pub use accounting::{Bucket, PendingOn, PredictionResult, SkipCause, SpeculationTotals};
pub use action_diff::{ActionDifference, diff_actions};
pub use attribution::{ElementBuild, OriginCounts, StagedRoot};
pub use error::{Result, SpeculationError};
pub use expanded_record::{ExpandedAction, ExpandedRecord};
pub use generate::{GenerateOptions, GeneratedRecord, generate_record, keeps_previous_record};
pub use guarded_policy::{
    GuardedOverlayPolicy, GuardedPolicy, GuardedPrimingPolicy, HasBuiltIn, PolicyWarning,
};
pub use instantiate::{Adaptation, Instantiated, Instantiator};
pub use lookup::{content_at, look_up};
pub use message::command_arguments;
pub use misses::{Miss, load_misses, store_misses};
pub use mode::{ParseModeError, SpeculationMode};
pub use packed_messages::fetch_messages;
pub use path_table::{PathId, PathTable};
pub use policy_check::{PolicyCheckError, check_overlay_policy, check_priming_policy};
pub use policy_listener::PolicyListener;
pub use record::{
    Content, EarlierRun, ElementIndex, InputId, NamedPolicy, Origin, PlatformTree, Record, RecordedAction,
    RecordedInput, RecordedOutput,
};
pub use record_store::{ParseRecordFormatError, RecordFormat, record_needs};
pub use requested_action::RequestedAction;
pub use resolve::{ActionId, ContentLookup, ElementId, Fact, ImpossibleCause, OriginId, Resolver, TreeId};
pub use shadow_policy::{ShadowOverlayPolicy, ShadowPrimingPolicy, ShadowReport};
pub use trial_policy::TrialOverlayPolicy;
