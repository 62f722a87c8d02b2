//! Predicts which actions the build will request: which recorded actions are unchanged, which are adapted and how, and
//! which still depend on facts.
//!
//! [`Resolver`] is a state machine without IO: the caller tells it facts, and it answers with the actions whose
//! prediction may have changed. Every origin of inputs is looked up once. An action only reads outputs of actions with
//! lower numbers, so that no action depends on itself.

mod choice_feedback;
mod ids;
mod input_set;
mod input_set_changes;
mod origin_table;
mod overlay_facts;
mod propagate;
mod register;
mod resolver;
mod search_folders;
mod session_input;
mod shared_facts;
#[cfg(test)]
mod tests;

pub use ids::{ActionId, ElementId, Fact, ImpossibleCause, OriginId, TreeId};
pub(crate) use ids::{Invalidated, Prediction, PredictionKind};
pub use input_set_changes::ContentLookup;
pub(crate) use overlay_facts::digest_of;
pub use resolver::Resolver;
