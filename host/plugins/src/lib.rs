//! Finds, compiles, limits and calls the components that implement the strategies.
//!
//! [`Plugins`] is the [`KindRegistry`](spec_strategy::KindRegistry) of the program. A component runs without files,
//! clock, network or randomness; with a bound on its memory, its instructions and its time; and whatever it does, the
//! host goes on and says whose fault it was. No other room knows that WebAssembly is behind the strategies, and no
//! type of the engine is visible outside.

mod answer;
mod answers;
mod bindings;
mod clock;
mod code_cache;
mod component;
mod conv;
mod embedded;
mod engine;
mod failure;
mod host;
mod instance;
mod kept;
mod kind;
mod lazy;
mod options;
mod policy;
mod pool;
mod private;
mod registry;
mod source;
mod world;

pub use embedded::{default_kinds, overlay_policies, priming_policies};
pub use options::{Limits, Options};
pub use policy::{Memory, PolicyComponent, PolicyLoadError, PolicyRequest};
pub use registry::Plugins;
