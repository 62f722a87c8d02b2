//! Runs Debian's Bazel in a sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, require_env};

/// The time limit of a build; starting the Java virtual machine takes 5 s.
const DEADLINE: Duration = Duration::from_secs(300);

/// Where the sandbox has the folder of the workspace and of Bazel's own state.
const HOME: &str = "/home";

/// A workspace, and a Bazel without a background server. Everything it starts ends with the command, because its
/// sandbox is a process namespace.
#[derive(Debug)]
pub struct Bazel {
    root: PathBuf,
    home: TempDir,
}

impl Bazel {
    /// The Bazel that `SPEC_BAZEL` names, in a workspace with this `BUILD` file.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn new(build: &str) -> Bazel {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let bazel = Bazel { root: require_env("SPEC_BAZEL"), home };
        let workspace = bazel.path("workspace");
        fs::create_dir(&workspace).expect("a new folder is writable");
        fs::write(workspace.join("WORKSPACE"), "").expect("a new folder is writable");
        fs::write(workspace.join("BUILD"), build).expect("a new folder is writable");
        bazel
    }

    /// The folder of the root that it runs in: a Debian with a shell.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `bazel build` with these arguments.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn build(&self, arguments: &[&str]) -> Outcome {
        let mut bazel = self.sandbox();
        bazel.args([
            "bazel-4",
            "--batch",
            "--output_base=/home/base",
            "--host_jvm_args=-XX:TieredStopAtLevel=1",
        ]);
        bazel.args(["build", "--color=no", "--curses=no"]).args(arguments);
        Outcome::of(&mut bazel, DEADLINE)
    }

    /// Removes its state of earlier builds, as in a new checkout.
    ///
    /// # Panics
    /// If that cannot be removed.
    pub fn forget(&self) {
        fs::remove_dir_all(self.path("base")).expect("it was made by our own child");
    }

    /// The contents of an output of the `BUILD` file.
    ///
    /// # Panics
    /// If it has not made it.
    #[must_use]
    pub fn output(&self, name: &str) -> String {
        let link = fs::read_link(self.path("workspace/bazel-bin")).expect("Bazel links to its outputs");
        let inside = link.strip_prefix(HOME).expect("the link leads to the output base");
        let file = self.path("").join(inside).join(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Its own root and processes, the network of this machine.
    fn sandbox(&self) -> Command {
        let mut bwrap = Command::new("bwrap");
        bwrap.args(["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--ro-bind"]);
        bwrap.arg(&self.root).args(["/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind"]);
        bwrap.arg(self.home.path()).args([HOME, "--chdir", "/home/workspace"]);
        let variables = [
            ("HOME", HOME),
            ("JAVA_HOME", "/usr/lib/jvm/default-java"),
            ("PATH", "/usr/bin:/bin"),
            ("USER", "nobody"),
        ];
        bwrap.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in variables {
            bwrap.args(["--setenv", name, value]);
        }
        bwrap
    }
}
