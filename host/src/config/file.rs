//! Finds and reads the configuration file.

use std::path::{Path, PathBuf};

use spec_model::Mapping;

use super::Environment;
use crate::error::CommandResult;

/// Names below the configuration folder; the first that exists is read. The last two are BuildStream's.
const NAMES: [&str; 3] = ["spec-host.conf", "buildstream2.conf", "buildstream.conf"];

/// The file that the user named, or else the first that exists.
pub(super) fn find(asked: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let usual = || NAMES.iter().map(|name| environment.config_home().join(name)).find(|path| path.exists());
    asked.map(Path::to_owned).or_else(usual)
}

/// Reads a configuration file.
pub(super) fn read(path: &Path) -> CommandResult<Mapping> {
    let shown_as = path.display().to_string();
    Ok(spec_project::yaml::parse_file(path, &shown_as)?)
}
