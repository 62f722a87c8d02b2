//! A project that a test may change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, checkout, require_env};

/// A copy of a project in a temporary folder, which is removed when this is dropped.
#[derive(Debug)]
pub struct Project {
    // Held for its drop.
    _folder: TempDir,
    path: PathBuf,
}

impl Project {
    /// A project of these files: their paths and contents. A `project.conf` is added where there is
    /// none.
    ///
    /// # Panics
    /// If they cannot be written.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Project {
        let project = Project::empty();
        if !files.iter().any(|(path, _)| *path == "project.conf") {
            project.write("project.conf", "name: test\nmin-version: 2.0\nelement-path: elements\n");
        }
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A unique word of lower-case letters and digits.
    ///
    /// # Panics
    /// Never: the folder has a name.
    #[must_use]
    pub fn token(&self) -> String {
        let folder = self.path.parent().and_then(Path::file_name);
        let folder = folder.expect("a temporary folder has a name").to_string_lossy();
        folder.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    }

    /// A copy of a folder. Links stay as they are.
    ///
    /// # Panics
    /// If it cannot be copied.
    #[must_use]
    pub fn copy(from: &Path) -> Project {
        let project = Project::empty();
        let mut cp = std::process::Command::new("cp");
        cp.arg("-a").arg(from.join(".")).arg(project.path());
        let _ = Outcome::of(&mut cp, Duration::from_secs(60)).success();
        project
    }

    /// A copy of the example project.
    ///
    /// # Panics
    /// If `SPEC_EXAMPLE` does not name it.
    #[must_use]
    pub fn example() -> Project {
        Project::copy(&require_env("SPEC_EXAMPLE"))
    }

    /// A copy of the example project with the element `files.bst`, which needs no sandbox and has an archive as its source.
    ///
    /// # Panics
    /// If `SPEC_EXAMPLE` does not name it, or it has another form.
    #[must_use]
    pub fn with_fetched_files() -> Project {
        let project = Project::example();
        let base = project.read("elements/base.bst");
        let (from, to) = (base.find("sources:"), base.find("variables:"));
        let sources = &base[from.expect("it has sources")..to.expect("it has variables")];
        project.write("elements/files.bst", &format!("kind: import\n{sources}"));
        project
    }

    /// A copy of the example project with additional files. Its elements that run commands have unique keys, so they
    /// were never built before.
    ///
    /// # Panics
    /// If `SPEC_EXAMPLE` does not name it, or the files cannot be written.
    #[must_use]
    pub fn on_base(files: &[(&str, &str)]) -> Project {
        let project = Project::example();
        let token = project.path().display().to_string();
        project.replace("project.conf", "environment:\n", &format!("environment:\n  TEST: '{token}'\n"));
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A copy of one of the projects in `tests/projects`.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn named(name: &str) -> Project {
        Project::copy(&checkout().join("tests/projects").join(name))
    }

    fn empty() -> Project {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("project");
        fs::create_dir(&path).expect("a new folder is writable");
        Project { _folder: folder, path }
    }

    /// The project's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the folders it is in.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        let file = self.path.join(file);
        let folder = file.parent().expect("a file of the project is in a folder");
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Reads a text file.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn read(&self, file: &str) -> String {
        let file = self.path.join(file);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Replaces a piece of a text file.
    ///
    /// # Panics
    /// If the piece is not there exactly once.
    pub fn replace(&self, file: &str, piece: &str, by: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(piece).count(), 1, "{piece:?} in {file}");
        self.write(file, &text.replace(piece, by));
    }
}
