//! The options of loading a project.

use std::path::PathBuf;

use spec_model::Mapping;

/// What to load.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// A directory in the project; the project is searched from here upward.
    pub directory: PathBuf,
    /// Names of elements; empty for the project's default targets.
    pub targets: Vec<String>,
    /// Names of elements that are loaded to be left out.
    pub except: Vec<String>,
    /// Whether junctions may be targets. Without it, those among the default targets are left out.
    pub junctions: bool,
    /// Whether only what the targets need is read, as for tracking a junction that the project itself needs.
    pub only_needed: bool,
    /// The full names of elements whose workspaces are not used: their own sources are wanted.
    pub closed_workspaces: Vec<String>,
    /// Option values from the command line, as `(name, value)`.
    pub options: Vec<(String, String)>,
    /// The mirror that is tried first in all projects, before what the user configuration says.
    pub default_mirror: Option<String>,
    /// The value of the variable `max-jobs`; the number of CPUs, at most 8, when it is missing or 0.
    pub max_jobs: Option<u32>,
    /// The `projects` section of the user configuration: options and mirrors by project name.
    pub projects: Mapping,
}
