//! What the author of a plugin depends on. What follows is about element kinds; [`overlay`] and [`priming`] are for
//! policies of speculation.
//!
//! A kind is a type that implements [`Kind`] and is exported with [`export_kind!`]; compiled to a component it runs
//! inside spec-host, which gives it one element at a time and nothing else. Accessors on [`Element`] read the
//! configuration and name the place of a mistake; [`build_element`] is the shared behaviour of kinds that configure,
//! build, install and strip.
//!
//! ```ignore
//! struct Docs;
//!
//! impl Kind for Docs {
//!     fn describe() -> KindDescription {
//!         build_element::description("docs", include_str!("defaults.yaml"))
//!     }
//!
//!     fn configure(element: &Element) -> Result<Configured, Rejection> {
//!         build_element::configure(element)
//!     }
//! }
//!
//! spec_guest_sdk::export_kind!(Docs);
//! ```

pub mod bindings;
pub mod build_element;
mod element;
mod export;
mod key;
mod node;
pub mod overlay;
mod panics;
pub mod path;
pub mod priming;
mod rejection;
mod settings;

pub use bindings::exports::spec::element_kind::kind::{
    Command, CommandGroup, Configured, Copying, DigestEnvironment, Forbids, KindDescription, KindTraits,
    Plan, Rejection, RejectionReason, Staging, Step, UniqueKey,
};
pub use bindings::spec::element_kind::log::{Level, log};
pub use element::{Dependency, Element};
pub use export::{ExportedKind, Kind};
pub use key::Value;
pub use node::{Mapping, Node};
pub use settings::{Settings, SettingsError};
