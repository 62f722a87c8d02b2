//! A project in a temporary directory.

use std::fs;

use spec_project::{LoadError, LoadOptions, Project, UnresolvedProject};
use tempfile::TempDir;

/// A project made of files given as text: `== PATH` begins a file.
pub(crate) struct Files {
    directory: TempDir,
}

impl Files {
    /// Writes the files; a project.conf is added where there is none.
    pub(crate) fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::write(directory.path().join("project.conf"), "name: test\nmin-version: 2.0\n").expect("a file");
        for file in format!("\n{text}").split("\n== ").skip(1) {
            let (path, contents) = file.split_once('\n').unwrap_or((file, ""));
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, contents).expect("a file");
        }
        Self { directory }
    }

    /// The project's directory.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Loads the targets.
    pub(crate) fn load(&self, targets: &[&str]) -> Result<Project, LoadError> {
        self.load_with(targets, &[])
    }

    /// Loads a target, which may be a junction.
    pub(crate) fn load_shown(&self, target: &str) -> Result<Project, LoadError> {
        let (directory, targets) = (self.path().to_path_buf(), vec![target.to_owned()]);
        let options = LoadOptions { directory, targets, junctions: true, ..LoadOptions::default() };
        UnresolvedProject::read(&options, &super::sources::LocalJunctions)?.resolve(&super::Kinds)
    }

    /// Loads the targets with options.
    pub(crate) fn load_with(&self, targets: &[&str], options: &[(&str, &str)]) -> Result<Project, LoadError> {
        let options = LoadOptions {
            directory: self.path().to_path_buf(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            max_jobs: Some(4),
            ..LoadOptions::default()
        };
        UnresolvedProject::read(&options, &super::sources::LocalJunctions)?.resolve(&super::Kinds)
    }
}
