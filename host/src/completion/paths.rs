//! Paths as candidates.

use std::fs;
use std::path::PathBuf;

use spec_project::{PROJECT_CONF, find_project, yaml};

/// The paths below a folder.
pub(super) struct PathsBelow {
    folder: PathBuf,
}

impl PathsBelow {
    /// Those below the folder of the command.
    pub(super) fn here() -> Self {
        Self { folder: PathBuf::from(".") }
    }

    /// Those of elements of the project that `start` is in; `None` without a project.
    pub(super) fn elements(start: PathBuf) -> Option<Self> {
        let project = find_project(&start).ok()?;
        let conf = yaml::parse_file(&project.join(PROJECT_CONF), PROJECT_CONF).ok()?;
        let below = conf.opt_str("element-path").ok()?.unwrap_or_default();
        Some(Self { folder: project.join(below) })
    }

    /// All that begin so.
    pub(super) fn all(&self, incomplete: &str) -> Vec<String> {
        let is_folder =
            !incomplete.is_empty() && !incomplete.contains('/') && self.folder.join(incomplete).is_dir();
        let prefix = match is_folder {
            // As BuildStream, which goes on in a folder whose name is whole.
            true => format!("{incomplete}/"),
            false => incomplete[..incomplete.rfind('/').map_or(0, |at| at + 1)].to_owned(),
        };
        // An absolute path replaces the folder.
        let folder = self.folder.join(&prefix);
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let end = if entry.path().is_dir() { '/' } else { ' ' };
            found.push(format!("{prefix}{name}{end}"));
        }
        found.sort_unstable();
        found
    }

    /// The folders that begin so.
    pub(super) fn folders(&self, incomplete: &str) -> Vec<String> {
        self.only(incomplete, |path| path.ends_with('/'))
    }

    /// The elements that begin so, and the folders that may have some.
    pub(super) fn elements_at(&self, incomplete: &str) -> Vec<String> {
        self.only(incomplete, |path| path.ends_with('/') || path.ends_with(".bst "))
    }

    fn only(&self, incomplete: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.all(incomplete).into_iter().filter(|path| wanted(path)).collect()
    }
}
