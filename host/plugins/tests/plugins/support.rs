//! What the tests share.

use spec_plugins::{Options, Plugins};
use std::path::PathBuf;

pub fn plugins() -> Plugins {
    Plugins::new(Options::new(PathBuf::from("/tmp/lab/plugin-cache")))
}
