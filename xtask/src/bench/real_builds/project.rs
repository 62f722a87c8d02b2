//! The working copy of `examples/real`: tars, archives, repositories, and refs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::{command, output, show};
use crate::paths::{self, Paths};
use crate::{base, build_tools, debian_sources};

/// Debian's source packages, and the archives that the elements name.
const ARCHIVES: [(&str, &str); 5] = [
    ("fribidi", "fribidi_1.0.16.orig.tar.xz"),
    ("brotli", "brotli_1.1.0.orig.tar.gz"),
    ("libjsoncpp", "libjsoncpp_1.9.6.orig.tar.gz"),
    ("lua5.4", "lua5.4_5.4.7.orig.tar.gz"),
    ("markupsafe", "markupsafe_2.1.5.orig.tar.gz"),
];

/// The URL of a source in the project, before its name.
const ALIAS: &str = "url: sources:";

/// The project, with a git repository that has a submodule.
pub(super) struct RealProject {
    path: PathBuf,
    changes: usize,
}

impl RealProject {
    /// Makes it at a path where nothing is.
    pub(super) fn make(paths: &Paths, path: PathBuf) -> Result<RealProject> {
        let tars = [paths.base_tar(), build_tools::run(paths)?, build_tools::rust(paths)?];
        base::run(paths, false)?;
        let archives = debian_sources::download(paths, &ARCHIVES)?;
        show(command("cp", ["-a"]).arg(paths.root.join("examples/real")).arg(&path))?;
        let sources = path.join("sources");
        fs::create_dir(&sources)?;
        let archives = ARCHIVES.iter().map(|(_, name)| archives.join(name));
        for file in tars.into_iter().chain(archives) {
            symlink(&file, sources.join(paths::name(&file)))?;
        }
        for element in paths::files(&path.join("elements"))? {
            write_refs(&element, &sources)?;
        }
        fs::create_dir(path.join("repositories"))?;
        let mut project = RealProject { path, changes: 0 };
        for name in ["version", "common"] {
            project.make_repository(name)?;
        }
        project.change()?;
        Ok(project)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a repository of a folder; that of `common` gets the other one as its submodule.
    fn make_repository(&self, name: &str) -> Result<()> {
        let repository = self.repository(name);
        show(command("cp", ["-a"]).arg(self.path.join("files/repositories").join(name)).arg(&repository))?;
        show(self.git(name).args(["init", "--quiet", "--initial-branch=main"]))?;
        if name == "common" {
            // As a file, so that git is not asked to clone from a folder, which it refuses for submodules.
            let url = self.repository("version");
            let text = format!("[submodule \"version\"]\n\tpath = version\n\turl = {}\n", url.display());
            fs::write(repository.join(".gitmodules"), text)?;
            fs::create_dir(repository.join("version"))?;
        }
        self.commit(name)
    }

    /// Commits another version of the header to the submodule, and the new commit of it to the repository.
    pub(super) fn change(&mut self) -> Result<()> {
        self.changes += 1;
        let text = format!("#define COMMON_VERSION \"version {}\"\n", self.changes);
        fs::write(self.repository("version").join("version.h"), text)?;
        self.commit("version")?;
        let head = output(self.git("version").args(["rev-parse", "HEAD"]))?;
        let entry = format!("160000,{},version", head.trim());
        show(self.git("common").args(["update-index", "--add", "--cacheinfo", &entry]))?;
        self.commit("common")
    }

    fn commit(&self, name: &str) -> Result<()> {
        // Not `--all`, which would remove the submodule that is not checked out.
        show(self.git(name).args(["add", "--", ":!version/"]))?;
        show(self.git(name).args(["commit", "--quiet", "--message", "a version"]))
    }

    fn git(&self, name: &str) -> Command {
        let mut git = command("git", ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C"]);
        git.arg(self.repository(name));
        git
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.path.join("repositories").join(name)
    }
}

/// Writes a ref under each URL of an element's archives.
fn write_refs(element: &Path, sources: &Path) -> Result<()> {
    let mut text = String::new();
    for line in fs::read_to_string(element)?.lines() {
        text += line;
        text.push('\n');
        if let Some((indent, name)) = line.split_once(ALIAS) {
            text += &format!("{indent}ref: {}\n", base::sha256(&sources.join(name))?);
        }
    }
    fs::write(element, text)?;
    Ok(())
}
