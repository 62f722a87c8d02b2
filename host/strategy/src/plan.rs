//! The plan of a build: what the host does, in order, on behalf of a kind.

use serde::{Deserialize, Serialize};
use spec_model::{DomainSelection, FilePosition};

use crate::PublicData;

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
    /// Domains of public data that the artifact has instead of what the element declares.
    pub public_data: Vec<(String, PublicData)>,
    /// Whether nothing runs, though elements of the kind run commands: sandbox and environment are left out of the key.
    pub no_commands: bool,
    /// Why the element cannot be built, though it has a key.
    pub refusal: Option<BuildRefusal>,
}

impl Plan {
    /// Whether commands run: those of the element, or those that integrate its dependencies.
    #[must_use]
    pub fn runs_commands(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Run(_) | Step::Integrate { .. }))
    }

    /// Whether it asks what is new since its first command.
    #[must_use]
    pub fn copies_files(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::CopyFiles { .. }))
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
    /// Stage the selected files of the artifacts of these dependencies below a directory.
    StageFiles {
        /// Where.
        location: String,
        /// Which, as indices.
        dependencies: Vec<u32>,
        /// Which of their files.
        domains: DomainSelection,
        /// Whether those of all that they need at run time are staged, too.
        runtime: bool,
    },
    /// Stage the artifacts of these elements, and of all that they need at run time, below a directory.
    StageElements {
        /// Where.
        location: String,
        /// Which, by their full names.
        elements: Vec<String>,
    },
    /// Copy from `/` what is selected in the artifacts of these dependencies and of all that they need at run time, and all
    /// that was not there before the first command or integration.
    CopyFiles {
        /// The directory to copy into, which is created.
        to: String,
        /// Which, as indices.
        dependencies: Vec<u32>,
        /// Which of their files.
        domains: DomainSelection,
    },
    /// Copy the contents of one directory into another, which is created, if there is such a directory.
    CopyTreeIfPresent {
        /// The directory to copy from.
        from: String,
        /// The directory to copy into.
        to: String,
    },
    /// Write a file, with the directories above it.
    WriteFile {
        /// Where.
        path: String,
        /// What is in it.
        content: String,
        /// Whether it may be executed.
        executable: bool,
    },
}

/// Why an element cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRefusal {
    /// A stable code.
    pub reason: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The number of the configuration node at fault.
    pub node: Option<u32>,
    /// The place of that node; it is found for every question, because an answer is kept without places.
    #[serde(skip)]
    pub position: Option<FilePosition>,
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
