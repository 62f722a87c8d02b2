//! The plan of an element: what the host does to build it.

use crate::{Command, CommandGroup, DomainSelection, PublicData, Rejection};

/// What the host does to build an element, in order. Paths are absolute in the sandbox, without `..`; dependencies are
/// named by their [index](crate::Dependency::index).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Environment variables that hold the digest of a tree of dependencies.
    pub digest_environment: Vec<DigestEnvironment>,
    /// Where commands start; created if missing. `/` when absent.
    pub working_directory: Option<String>,
    /// Directories that exist and stay writable while the root is read-only.
    pub marked_directories: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The directory that becomes the artifact.
    pub collect: String,
    /// Domains of public data that the artifact has instead of what the element declares.
    pub public_data: Vec<(String, PublicData)>,
    /// Whether nothing runs, though the kind runs commands: sandbox and environment are left out of the key.
    pub run_no_commands: bool,
    /// Why the element cannot be built, though it has a key.
    pub refusal: Option<Rejection>,
}

/// An environment variable that names a tree made of dependencies, as `HASH/SIZE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestEnvironment {
    /// The variable's name.
    pub variable: String,
    /// The dependencies that are staged together at `/` to make the tree, with their runtime dependencies.
    pub dependencies: Vec<u32>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Stage the artifacts of dependencies and of their runtime dependencies below a directory.
    StageDependencies {
        /// The directory.
        location: String,
        /// The dependencies.
        dependencies: Vec<u32>,
    },
    /// Run the integration commands of these dependencies and of their runtime dependencies.
    Integrate(Vec<u32>),
    /// Stage the element's sources below this directory.
    StageSources(String),
    /// Create this directory, empty, with its parents.
    MakeDirectory(String),
    /// Copy the contents of a directory into another one.
    CopyTree {
        /// The directory to copy from; an error if it is not there.
        source: String,
        /// The directory to copy into; created if missing.
        target: String,
    },
    /// Run commands in the sandbox.
    Run(CommandGroup),
    /// Stage the selected files of the artifacts of dependencies below a directory.
    StageFiles {
        /// The directory.
        location: String,
        /// The dependencies.
        dependencies: Vec<u32>,
        /// Which of their files.
        domains: DomainSelection,
        /// Whether those of all that they need at run time are staged, too.
        runtime: bool,
    },
    /// Stage the artifacts of these elements, by their [full names](crate::dependencies::StagedElement::full_name), and of their
    /// runtime dependencies below a directory.
    StageElements {
        /// The directory.
        location: String,
        /// Their full names.
        elements: Vec<String>,
    },
    /// Copy from `/` what is selected in the artifacts of dependencies and of their runtime dependencies, and all that was not
    /// there before the first command or integration.
    CopyFiles {
        /// The directory to copy into; created if missing.
        target: String,
        /// The dependencies.
        dependencies: Vec<u32>,
        /// Which of their files.
        domains: DomainSelection,
    },
    /// Copy the contents of a directory into another one, if it is there.
    CopyTreeIfPresent {
        /// The directory to copy from.
        source: String,
        /// The directory to copy into; created if missing.
        target: String,
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

impl Plan {
    /// A plan whose artifact is this directory.
    #[must_use]
    pub fn new(collect: impl Into<String>) -> Self {
        Self { collect: collect.into(), ..Self::default() }
    }

    /// Then stage the element's sources below a directory.
    #[must_use]
    pub fn stage_sources(self, path: impl Into<String>) -> Self {
        self.step(Step::StageSources(path.into()))
    }

    /// Then copy the contents of a directory into another one.
    #[must_use]
    pub fn copy_tree(self, source: impl Into<String>, target: impl Into<String>) -> Self {
        self.step(Step::CopyTree { source: source.into(), target: target.into() })
    }

    /// Then run commands of a shell, which stops at the first failure, with a read-only root.
    #[must_use]
    pub fn run(self, label: &str, commands: impl IntoIterator<Item = String>) -> Self {
        let commands = commands.into_iter().map(Command::shell).collect();
        self.step(Step::Run(CommandGroup { label: label.to_owned(), read_only_root: true, commands }))
    }

    /// Then write a file, with the directories above it.
    #[must_use]
    pub fn write_file(self, path: impl Into<String>, content: impl Into<String>, executable: bool) -> Self {
        self.step(Step::WriteFile { path: path.into(), content: content.into(), executable })
    }

    /// Then another step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Tells the host the plan.
    #[cfg(target_family = "wasm")]
    pub(crate) fn send(self) {
        use crate::bindings::imports::spec::plugin::plan;
        let Self { digest_environment, working_directory, marked_directories, steps, collect, .. } = &self;
        for DigestEnvironment { variable, dependencies } in digest_environment {
            plan::set_digest_environment(variable, dependencies);
        }
        working_directory.iter().for_each(|path| plan::set_working_directory(path));
        marked_directories.iter().for_each(|path| plan::mark_directory(path));
        for step in steps {
            match step {
                Step::StageDependencies { location, dependencies } => {
                    plan::stage_dependencies(location, dependencies);
                }
                Step::Integrate(dependencies) => plan::integrate(dependencies),
                Step::StageSources(path) => plan::stage_sources(path),
                Step::MakeDirectory(path) => plan::make_directory(path),
                Step::CopyTree { source, target } => plan::copy_tree(source, target),
                Step::Run(group) => plan::run(group),
                Step::StageFiles { location, dependencies, domains, runtime } => {
                    plan::stage_files(location, dependencies, domains, *runtime);
                }
                Step::StageElements { location, elements } => plan::stage_elements(location, elements),
                Step::CopyFiles { target, dependencies, domains } => {
                    plan::copy_files(target, dependencies, domains);
                }
                Step::CopyTreeIfPresent { source, target } => plan::copy_tree_if_present(source, target),
                Step::WriteFile { path, content, executable } => plan::write_file(path, content, *executable),
            }
        }
        self.send_properties();
        plan::collect(collect);
    }

    /// Tells the host what is no step.
    #[cfg(target_family = "wasm")]
    fn send_properties(&self) {
        use crate::bindings::imports::spec::plugin::plan;
        for (domain, data) in &self.public_data {
            plan::set_public_data(domain, &data.into());
        }
        if self.run_no_commands {
            plan::run_no_commands();
        }
        if let Some(Rejection { reason, message, hint, node }) = &self.refusal {
            plan::refuse_build(reason.code(), message, hint.as_deref(), *node);
        }
    }

    /// There is no host.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn send(self) {}
}

impl Command {
    /// A command of the shell, which stops at the first failure.
    #[must_use]
    pub fn shell(text: String) -> Self {
        let argv = vec!["sh".to_owned(), "-c".to_owned(), "-e".to_owned(), format!("{text}\n")];
        Self { label: text, argv }
    }
}
