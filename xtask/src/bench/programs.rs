//! The two programs that build the same project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::bst::Bst;
use crate::command::{command, output, show};

/// A copy of the example that a measurement may change.
pub(super) struct Project {
    path: PathBuf,
    app: String,
}

impl Project {
    pub(super) fn copy(example: &Path, to: &Path) -> Result<Project> {
        show(command("cp", ["-a"]).arg(example).arg(to))?;
        let app = fs::read_to_string(to.join("elements/app.bst"))?;
        Ok(Project { path: to.to_path_buf(), app })
    }

    /// Changes app so that it was never built before, without changing what its build does.
    pub(super) fn change_app(&self, run: usize) -> Result<()> {
        let text = format!("{}\nenvironment:\n  RUN: \"{run}\"\n", self.app);
        fs::write(self.path.join("elements/app.bst"), text)?;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A program that builds, and its current cache.
#[derive(Clone)]
pub(super) struct BuildProgram {
    program: PathBuf,
    folder: PathBuf,
    caches: u32,
}

impl BuildProgram {
    pub(super) fn spec_host(host: &Path, folder: &Path) -> BuildProgram {
        BuildProgram { program: host.to_path_buf(), folder: folder.to_path_buf(), caches: 0 }
    }

    pub(super) fn bst(bst: &Bst, folder: &Path) -> BuildProgram {
        BuildProgram::spec_host(&bst.program("bst"), folder)
    }

    /// Switches to a new, empty cache. The old one stays, because file systems are slow after many files were
    /// deleted.
    pub(super) fn start_new_cache(&mut self) -> Result<()> {
        self.caches += 1;
        Bst::write_config(&self.cache(), &self.cache()).map(drop)
    }

    pub(super) fn command(&self, project: &Project) -> Command {
        self.command_in(project.path())
    }

    /// A command on the project in a folder.
    pub(super) fn command_in(&self, project: &Path) -> Command {
        let mut command = command(&self.program, ["--config"]);
        command.arg(self.config()).arg("--directory").arg(project);
        command
    }

    /// Builds an element; what the program prints is shown if it fails.
    pub(super) fn build(&self, project: &Project, element: &str) -> Result<()> {
        output(self.command(project).args(["build", element])).map(drop)
    }

    /// Its user configuration, for the latest cache.
    pub(super) fn config(&self) -> PathBuf {
        Bst::config(&self.cache())
    }

    fn cache(&self) -> PathBuf {
        self.folder.join(self.caches.to_string())
    }
}
