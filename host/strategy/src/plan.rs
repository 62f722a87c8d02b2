//! The plan of a build: what the host does, in order, on behalf of a kind.

use serde::{Deserialize, Serialize};

/// How one element is built. Dependencies are named by their index in
/// [`ElementInput::dependencies`](crate::ElementInput::dependencies), paths are absolute in the sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Environment variables that hold the digest of a tree of dependencies, `HASH/SIZE`.
    pub digest_environment: Vec<DigestEnvironment>,
    /// Where commands start; created if missing. `/` when absent.
    pub working_directory: Option<String>,
    /// Directories that exist and stay writable while the root is read-only (BuildStream's `mark_directory`).
    pub marked_directories: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The directory that becomes the artifact.
    pub collect: String,
}

impl Plan {
    /// Whether commands run: those of the element, or those that integrate its dependencies.
    #[must_use]
    pub fn runs_commands(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Run(_) | Step::Integrate { .. }))
    }
}

/// One step of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Stage the artifacts of these dependencies, and of all that they need at run time, below a directory.
    StageDependencies {
        /// Where.
        location: String,
        /// Which, as indices.
        dependencies: Vec<u32>,
    },
    /// Run the integration commands of these dependencies and of all that they need at run time.
    Integrate {
        /// Which, as indices.
        dependencies: Vec<u32>,
    },
    /// Stage the element's sources below a directory.
    StageSources {
        /// Where.
        path: String,
    },
    /// Create an empty directory, with its parents.
    MakeDirectory {
        /// Where.
        path: String,
    },
    /// Copy the contents of one directory into another, which is created. No command runs.
    CopyTree {
        /// The directory to copy from; an error if it is not there.
        from: String,
        /// The directory to copy into.
        to: String,
    },
    /// Run commands in the sandbox.
    Run(CommandGroup),
}

/// Commands that run one after the other until one fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandGroup {
    /// What the group is called in logs and on the terminal, such as `build-commands`.
    pub label: String,
    /// Whether all but the marked directories is read-only.
    pub read_only_root: bool,
    /// The commands.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What it is called in logs, usually its text.
    pub label: String,
    /// Program and arguments.
    pub argv: Vec<String>,
}

/// An environment variable that names a tree made of dependencies (the dependency setting `digest-environment`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEnvironment {
    /// The variable's name.
    pub variable: String,
    /// The dependencies that are staged together at `/` to make the tree, with all that they need at run time.
    pub dependencies: Vec<u32>,
}
