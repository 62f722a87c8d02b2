//! Runs BuildStream, and parses the output of tests/oracle/keys.py.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, Project, checkout, require_env};

/// The time limit of a run of BuildStream; a cold build of the example takes 20 s.
const DEADLINE: Duration = Duration::from_secs(600);

/// An element as BuildStream sees it. A digest is `HASH/SIZE`, or `-` where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementKeys {
    /// The full name.
    pub name: String,
    /// The strong key, 64 hexadecimal digits.
    pub strong: String,
    /// The weak key, 64 hexadecimal digits.
    pub weak: String,
    /// The digest of the tree of its sources.
    pub sources: String,
    /// The digest of the tree of its artifact; golden files have none.
    pub files: String,
}

impl ElementKeys {
    /// Reads `NAME STRONG WEAK SOURCES [FILES]`.
    fn parse(line: &str) -> ElementKeys {
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = || words.next();
        let keys = (|| {
            let (name, strong, weak, sources) = (word()?, word()?, word()?, word()?);
            Some(ElementKeys { name, strong, weak, sources, files: word().unwrap_or_else(|| "-".into()) })
        })();
        keys.unwrap_or_else(|| panic!("no line of keys: {line}"))
    }
}

/// The golden keys of a project in `tests/projects`: for each set of options (`NAME=VALUE`), the
/// elements in the order of `bst show`.
///
/// # Panics
/// If there are none; `cargo xtask golden` makes them.
#[must_use]
pub fn golden_keys(project: &str) -> Vec<(Vec<String>, Vec<ElementKeys>)> {
    let file = checkout().join("tests/golden/keys").join(project).with_extension("txt");
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask golden`", file.display()));
    let mut sets = vec![];
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(options) = line.strip_prefix("options:") {
            sets.push((options.split_whitespace().map(str::to_owned).collect(), vec![]));
        } else {
            let (_, elements) = sets.last_mut().expect("a golden file begins with a set of options");
            elements.push(ElementKeys::parse(line));
        }
    }
    sets
}

/// BuildStream, with a cache that is removed when this is dropped.
#[derive(Debug)]
pub struct Oracle {
    bst: PathBuf,
    folder: TempDir,
}

impl Oracle {
    /// The BuildStream that `SPEC_BST` names.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn new() -> Oracle {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let at = |name: &str| format!("{name}: {}\n", folder.path().join(name).display());
        let text = ["cachedir", "sourcedir", "logdir"].map(at).concat();
        // Its default reserve is a twentieth of the disk: with less free space its cache would wait without end.
        let text = text + "cache:\n  reserved-disk-space: 1M\n";
        fs::write(folder.path().join("bst.conf"), text).expect("a file of our own folder can be written");
        Oracle { bst: require_env("SPEC_BST"), folder }
    }

    /// A BuildStream with more lines in its user configuration.
    ///
    /// # Panics
    /// As [`Oracle::new`].
    #[must_use]
    pub fn configured(lines: &str) -> Oracle {
        let oracle = Oracle::new();
        let file = oracle.folder.path().join("bst.conf");
        let text = fs::read_to_string(&file).expect("it was just written");
        fs::write(&file, text + lines).expect("a file of our own folder can be written");
        oracle
    }

    /// Runs `bst` on a project.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn bst(&self, project: &Project, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(project).args(arguments), DEADLINE)
    }

    /// A `bst` on a project, to which arguments are added.
    #[must_use]
    pub fn command(&self, project: &Project) -> Command {
        let mut bst = Command::new(&self.bst);
        bst.args(["--no-colors", "--no-interactive"]);
        self.on(&mut bst, project.path());
        bst
    }

    /// The keys and digests of elements, and of all that they depend on; of all elements if none is named.
    ///
    /// # Panics
    /// If BuildStream cannot load the project.
    #[must_use]
    pub fn keys(&self, project: &Project, options: &[String], elements: &[&str]) -> Vec<ElementKeys> {
        let mut python = Command::new(self.bst.with_file_name("python"));
        self.on(python.arg(checkout().join("tests/oracle/keys.py")), project.path());
        for option in options {
            let (name, value) = option.split_once('=').expect("an option is NAME=VALUE");
            python.args(["--option", name, value]);
        }
        let outcome = Outcome::of(python.arg("--").args(elements), DEADLINE);
        outcome.success().lines().map(ElementKeys::parse).collect()
    }

    fn on<'a>(&self, command: &'a mut Command, project: &Path) -> &'a mut Command {
        command.arg("--config").arg(self.folder.path().join("bst.conf")).arg("--directory").arg(project)
    }
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}
