//! Names of artifacts as candidates.

use std::path::PathBuf;

use spec_artifact::Artifacts;
use spec_cas::Cas;
use spec_model::DigestFunction;

use crate::cli::GlobalOptions;
use crate::config::{Config, Environment};

/// The names of all artifacts in the cache of the configuration that the words of a command line name, or of the usual one. None
/// when something is wrong: a shell that completes has no place for errors.
pub(crate) fn cached_artifacts(words: &[String]) -> Vec<String> {
    let option = words.iter().position(|word| matches!(word.as_str(), "-c" | "--config"));
    let config = option.and_then(|at| words.get(at + 1)).map(PathBuf::from);
    let mut globals = GlobalOptions::default();
    globals.config = config;
    let Ok(config) = Config::load(&globals, &Environment::process()) else { return Vec::new() };
    let folder = config.cache("cas");
    if !folder.is_dir() {
        return Vec::new();
    }
    let Ok(cas) = Cas::open_with(folder, DigestFunction::Sha256) else { return Vec::new() };
    let names = Artifacts::new(cas).list("**").unwrap_or_default();
    names.iter().map(|name| format!("{name} ")).collect()
}
