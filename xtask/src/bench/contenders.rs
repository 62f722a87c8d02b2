//! The two programs that build the same project, each with a cache of its own.

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

    /// Makes app an element that nobody has built, without changing what its build does.
    pub(super) fn change_app(&self, run: u32) -> Result<()> {
        let text = format!("{}\nenvironment:\n  RUN: \"{run}\"\n", self.app);
        fs::write(self.path.join("elements/app.bst"), text)?;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A program that builds.
pub(super) struct Contender {
    program: PathBuf,
    configuration: PathBuf,
    /// The folder of everything it remembers.
    folder: PathBuf,
}

impl Contender {
    pub(super) fn spec_host(host: &Path, folder: &Path) -> Result<Contender> {
        Contender::new(host.to_path_buf(), folder)
    }

    pub(super) fn bst(bst: &Bst, folder: &Path) -> Result<Contender> {
        Contender::new(bst.program("bst"), folder)
    }

    fn new(program: PathBuf, folder: &Path) -> Result<Contender> {
        let memory = folder.join("memory");
        fs::create_dir_all(&memory)?;
        let configuration = Bst::write_config(folder, &memory)?;
        Ok(Contender { program, configuration, folder: memory })
    }

    /// Empties its cache.
    pub(super) fn forget(&self) -> Result<()> {
        fs::remove_dir_all(&self.folder)?;
        fs::create_dir(&self.folder)?;
        Ok(())
    }

    pub(super) fn command(&self, project: &Project) -> Command {
        let mut command = command(&self.program, ["--config"]);
        command.arg(&self.configuration).arg("--directory").arg(project.path());
        command
    }

    /// Builds an element; what the program prints is shown if it fails.
    pub(super) fn build(&self, project: &Project, element: &str) -> Result<()> {
        output(self.command(project).args(["build", element])).map(drop)
    }
}
