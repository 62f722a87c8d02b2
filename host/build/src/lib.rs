//! Executes the plan of one element and makes its artifact.
//!
//! [`Builder::build`] stages what the plan says, runs its commands and stores the artifact, a failed one too;
//! [`Builder::runtime_root`], [`Builder::build_root`] and [`Builder::cached_root`] make roots for shells and checkouts.
//! The crate does not know in which order elements are built, and draws nothing: it tells an [`Observer`].

mod builder;
mod collect;
mod commands;
mod environment;
mod error;
mod job;
mod log;
mod roots;
mod selection;
mod socket;
mod speculation;
mod staged;
mod steps;
mod warning;

pub use builder::{Builder, BuilderOptions, CacheBuildtrees, ElementKeys, Request};
pub use error::{BuildError, CommandFailure};
pub use job::Observer;
pub use roots::{Prepared, ShellCommand};
pub use socket::rights;
pub use speculation::{BuiltWith, Layer, LayerKind, Remembered, Speculation};
pub use warning::Warning;
