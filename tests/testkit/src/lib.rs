//! End-to-end tests of the `spec-host` binary: a [`Host`] runs the binary with a cache on a [`Project`], a copy that
//! a test may change, and returns an [`Outcome`].
//!
//! Functions panic with what to do instead of returning errors, because they are for tests only.

mod bazel;
pub mod engines;
#[cfg(feature = "faulty-server")]
pub mod faulty;
mod host;
mod oracle;
mod outcome;
mod project;
pub mod recc;
mod reference;
mod service;
mod waiting;

use std::path::PathBuf;

pub use bazel::Bazel;
pub use host::{Host, binary};
pub use oracle::{ElementKeys, Oracle, golden_keys};
pub use outcome::Outcome;
pub use project::Project;
pub use reference::{ReferencePage, reference_pages};
pub use service::Service;
pub use waiting::{signal, wait_for};

/// The file or folder that an environment variable names: `SPEC_COMPONENTS`, `SPEC_BASE_TAR`,
/// `SPEC_BASE_ROOT`, `SPEC_EXAMPLE`, `SPEC_BST`, `SPEC_BAZEL`, `SPEC_BROWSER`, `SPEC_BUILDGRID` or
/// `SPEC_DOCKER_REGISTRY`.
///
/// # Panics
/// If the variable is not set or names nothing; the message says what sets it.
#[must_use]
pub fn require_env(variable: &str) -> PathBuf {
    let Some(value) = std::env::var_os(variable) else {
        panic!(
            "{variable} is not set: run `cargo xtask test`, which makes what this test needs and names it"
        );
    };
    let path = PathBuf::from(value);
    assert!(path.exists(), "{variable} names {}, which is not there: run `cargo xtask test`", path.display());
    path
}

/// The checkout's folder.
#[must_use]
pub fn checkout() -> PathBuf {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the test kit is two folders inside the checkout").to_path_buf()
}
