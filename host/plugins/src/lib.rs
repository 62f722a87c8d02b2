//! Finds, compiles, limits and calls the WebAssembly components that implement element kinds and policies.
//!
//! [`Plugins`] is the [`KindRegistry`](spec_strategy::KindRegistry) of the program. A component has no access to files,
//! the clock, the network or randomness, and its memory, instructions and time are limited. Whatever it does, the program
//! goes on, and the error says whose fault it was. No other crate knows that WebAssembly is behind the traits of
//! spec-strategy, and no type of wasmtime is visible outside.

mod answer_cache;
mod bindings;
mod cache_file;
mod call_facts;
mod call_usage;
mod check_answer;
mod code_cache;
mod compile;
mod compile_observer;
mod component_kind;
mod component_source;
mod conv;
mod dependency_questions;
mod element_question;
mod embedded;
mod engine;
mod epoch_clock;
mod failure;
mod fuel_account;
mod host_functions;
mod instance;
mod instance_pool;
mod instance_state;
mod kind;
mod kind_functions;
mod known_packages;
mod known_python_plugins;
mod lazy_component;
mod options;
mod origin;
mod plan_builder;
mod plugins;
mod policy;
mod private_folder;
mod public_data;
mod question_digest;
mod world;

pub use call_usage::CallUsage;
pub use compile_observer::{CompileObserver, SlowCompilation};
pub use embedded::{default_kinds, overlay_policies, priming_policies};
pub use options::{Limits, Options};
pub use plugins::{ComponentWorld, Plugins};
pub use policy::{
    LoadedPolicy, PolicyComponent, PolicyDescription, PolicyLoadError, PolicyMemory, PolicyRequest,
    SettingDescription, SettingType, SettingValue,
};
