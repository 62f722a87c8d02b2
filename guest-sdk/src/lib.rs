#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`ElementKind`] for element kinds: accessors on [`Element`] read the configuration and name the place of a mistake;
//!   [`build_element`] is the shared behaviour of kinds that configure, build, install and strip, [`script_element`] that of
//!   kinds that run commands on artifacts; [`dependencies`] is what a kind may ask about the elements that it stages;
//! - [`priming::PrimingPolicy`] and [`overlay::OverlayPolicy`] for policies, with typed [`settings`];
//! - [`facts`] for what policies can ask about the session;
//! - [`trace!`], [`debug!`], [`info!`], [`warning!`] and [`error!`] to log;
//! - [`testing`] for native tests.
//!
//! # An element kind
//!
//! ```
//! use spec_guest_sdk::{Configured, Element, ElementKind, KindDescription, Plan, Rejection, Value, export, path};
//!
//! /// Takes one folder of the sources.
//! struct Folder;
//!
//! impl ElementKind for Folder {
//!     fn describe() -> KindDescription {
//!         KindDescription::new("folder", "1.0.0")
//!     }
//!
//!     fn configure(element: &Element) -> Result<Configured, Rejection> {
//!         let config = element.config()?;
//!         config.validate_keys(&["folder"])?;
//!         let folder = config.str("folder")?;
//!         let plan = Plan::new("/output").stage_sources("/input").copy_tree(path::below("/input", folder), "/output");
//!         Ok(Configured { unique_key: Value::mapping([("folder", folder.into())]), plan })
//!     }
//! }
//!
//! export!(Folder as ElementKind);
//!
//! use spec_guest_sdk::testing::{Config, TestElement};
//!
//! let good = TestElement::new("doc.bst").config("folder", Config::text("doc")).element();
//! assert!(Folder::configure(&good).is_ok());
//! let bad = TestElement::new("doc.bst").config("folders", Config::text("doc")).element();
//! let rejection = Folder::configure(&bad).expect_err("the key is not known");
//! assert_eq!(rejection.message, "unexpected key 'folders'; known keys: folder");
//! ```

#[doc(hidden)]
pub mod bindings;
pub mod build_element;
pub mod dependencies;
mod element;
mod export;
pub mod facts;
mod key;
mod kind;
pub mod log;
mod node;
pub mod overlay;
mod panics;
pub mod path;
mod plan;
pub mod priming;
mod public_data;
mod rejection;
pub mod script_element;
pub mod settings;
#[cfg(not(target_family = "wasm"))]
mod surroundings;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use bindings::element_kind::exports::spec::plugin::kind::{
    Description as KindDescription, Forbids, Rejection, RejectionReason, Traits,
};
pub use bindings::imports::spec::plugin::plan::{Command, CommandGroup, DomainSelection};
pub use element::{Dependency, Element};
#[doc(hidden)]
pub use export::{
    ExportedElementKind, ExportedOverlayPolicy, ExportedPrimingPolicy, OverlaySession, PrimingSession,
};
pub use key::Value;
pub use kind::{Configured, ElementKind};
pub use node::{Mapping, Node};
pub use plan::{DigestEnvironment, Plan, Step};
pub use public_data::PublicData;
