//! Follows the tutorial: runs its commands in a new folder, as a new user with an empty cache.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Outcome, require_env};
use tempfile::TempDir;

use crate::commands::{self, Instruction};
use crate::pages::Block;

/// How long a command may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// A walk through the tutorial.
#[derive(Debug)]
pub(crate) struct Walk {
    folder: TempDir,
}

impl Walk {
    pub(crate) fn new() -> Walk {
        let walk = Walk { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for folder in ["bin", "home/.config", "work"] {
            fs::create_dir_all(walk.path(folder)).expect("the folder is new");
        }
        symlink(spec_testkit::binary(), walk.path("bin/spec-host")).expect("the folder is new");
        // The same results on a disk that is nearly full.
        let configuration = "cache: {reserved-disk-space: 0}\n";
        fs::write(walk.path("home/.config/spec-host.conf"), configuration).expect("the folder is new");
        walk.end_of_page();
        walk
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The next page begins in the first folder.
    pub(crate) fn end_of_page(&self) {
        fs::write(self.path("place"), self.path("work").display().to_string()).expect("it can be written");
    }

    /// Runs the commands of a block; answers with their number.
    ///
    /// # Panics
    /// If one fails, or prints something else than the book says.
    pub(crate) fn follow(&self, page: &str, block: &Block) -> usize {
        let commands = commands::commands(block);
        let place = format!("docs/{page}:{}", block.line);
        match commands::instruction(block) {
            Instruction::Skip => return 0,
            Instruction::Instead(script) => {
                let outcome = self.run(script);
                assert_eq!(outcome.code, Some(0), "{place}, instead:\n{script}\n{}", outcome.stdout);
                return 1;
            }
            Instruction::Run => {}
        }
        for command in &commands {
            let outcome = self.run(&command.script);
            let shown = format!("{place}:\n$ {}{}", command.script, outcome.stdout);
            let Some(expected) = &command.prints else {
                assert_eq!(outcome.code, Some(0), "{shown}");
                continue;
            };
            // A component takes long to compile on a busy machine, and the user is told of it.
            let of_load =
                |line: &&str| line.starts_with("compiling plugin") || line.starts_with("compiled plugin");
            let lines = outcome.stdout.lines().filter(|line| !of_load(line));
            let printed: Vec<String> = lines.map(str::to_owned).collect();
            assert!(commands::matches(expected, &printed), "{shown}\nexpected:\n{}", expected.join("\n"));
        }
        commands.len()
    }

    /// Runs a script in the folder where the last one ended. Its standard output has both outputs.
    fn run(&self, script: &str) -> Outcome {
        let script =
            format!("exec 2>&1\ncd \"$(cat '{0}')\"\n{script}\npwd > '{0}'", self.path("place").display());
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", &script]).env("HOME", self.path("home"));
        let usual = env::var_os("PATH").unwrap_or_default();
        let folders = [self.path("bin")].into_iter().chain(env::split_paths(&usual));
        command.env("PATH", env::join_paths(folders).expect("folders of PATH"));
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        // The tools of Rust are those of the user who runs the tests.
        for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let (None, Some(home)) = (env::var_os(variable), env::var_os("HOME")) {
                command.env(variable, Path::new(&home).join(folder));
            }
        }
        command.env("SPEC_BASE_TAR", require_env("SPEC_BASE_TAR"));
        command.env("LANGUAGE_TOOLS", require_env("SPEC_LANGUAGE_TOOLS"));
        Outcome::of(&mut command, DEADLINE)
    }
}
