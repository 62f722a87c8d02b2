//! Executes the plan of one element and makes its artifact.
//!
//! [`Builder::build`] stages what the plan says, runs its commands and stores the artifact, a failed one too;
//! [`Builder::runtime_root`], [`Builder::build_root`] and [`Builder::cached_root`] make roots for shells and checkouts.
//! The crate does not know in which order elements are built, and draws nothing: it tells an [`BuildObserver`].

mod builder;
mod collect;
mod commands;
mod domain_files;
mod environment;
mod error;
mod job;
mod log;
mod request;
mod roots;
mod selected_files;
mod socket;
mod speculation;
mod staged;
mod steps;
mod warning;

pub use builder::{Builder, BuilderOptions, CacheBuildtrees};
pub use error::{BuildError, CommandFailure};
pub use job::BuildObserver;
pub use request::{BuildRequest, ElementKeys, PreviousBuild};
pub use roots::{PreparedRoot, ShellCommand};
pub use socket::action_rights;
pub use speculation::{BuildReport, SpeculationBlobs, SpeculationHook};
pub use warning::Warning;
