//! A project of imports in a temporary folder, and the binary to run on it.

// Not every test uses all of it.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A project of imports, which need no sandbox.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// `leaf.bst` and `top.bst`, which needs it; `broken.bst` fails, and `above.bst` needs that.
    pub(crate) fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        project.write("project.conf", "name: demo\nmin-version: 2.4\nelement-path: elements\n");
        project.write("files/hello.txt", "hello\n");
        let import = "kind: import\nsources:\n- kind: local\n  path: files\n";
        project.write("elements/leaf.bst", import);
        project.write("elements/top.bst", &format!("{import}  directory: deeper\ndepends:\n- leaf.bst\n"));
        project.write("elements/broken.bst", &format!("{import}config:\n  source: /nowhere\n"));
        project.write("elements/above.bst", "kind: stack\ndepends:\n- broken.bst\n");
        project.write("home/.config/spec-host.conf", "logging: {key-length: 6}\n");
        project
    }

    /// A path in the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders it is in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("the folder is writable");
        fs::write(path, text).expect("the folder is writable");
    }

    /// The binary, in the project, with a home of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spec-host"));
        command.args(arguments).current_dir(self.folder.path()).env("HOME", self.path("home"));
        for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NO_COLOR", "PAGER"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end: exit code, standard output, standard error.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the binary starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
        (status.code().expect("it exits"), text(stdout), text(stderr))
    }

    /// Runs what must succeed and gives its standard output.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        stdout
    }
}
