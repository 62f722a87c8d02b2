//! `spec-host plugin`: from a new plugin to its tests, and plugins that projects name by references.

mod new_plugins;
mod references;
mod registry;

use std::path::PathBuf;

use spec_testkit::require_env;

/// A component of the guests.
fn component(name: &str) -> PathBuf {
    let file = require_env("SPEC_COMPONENTS").join(name).with_extension("wasm");
    assert!(file.is_file(), "{} is not there: run `cargo xtask guests`", file.display());
    file
}
