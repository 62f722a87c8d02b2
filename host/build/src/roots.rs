//! Roots for shells and checkouts.

use std::path::PathBuf;

use spec_artifact::Artifact;
use spec_execution::{StagedTree, WriteAccess};
use spec_model::{Cancel, Digest};
use spec_project::Scope;
use spec_sandbox::CommandOutcome;

use crate::builder::Builder;
use crate::error::BuildError;
use crate::job::{BuildJob, BuildObserver};
use crate::request::BuildRequest;

/// A root with everything staged, ready for a shell or to be checked out.
pub struct PreparedRoot<'a> {
    job: BuildJob<'a>,
    cwd: String,
    access: WriteAccess,
}

/// A command for a person, on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables that are set beside the element's own, or instead of them.
    pub environment: Vec<(String, String)>,
    /// Whether it may use the host's network.
    pub network: bool,
    /// Files and folders of the host, and where they are inside; it may change them.
    pub mounts: Vec<(PathBuf, String)>,
}

impl Builder {
    /// The artifact of an element under the key that it has in this session.
    pub(crate) fn artifact(&self, request: &BuildRequest<'_>, index: usize) -> Result<Artifact, BuildError> {
        let element = &request.project.elements[index];
        let found = self.artifacts.lookup(&element.project, &element.name, &request.keys_of(index).strong)?;
        match found {
            Some(artifact) if artifact.succeeded() => Ok(artifact),
            Some(_) => Err(BuildError::FailedArtifact { element: element.name.to_string() }),
            None => Err(BuildError::NoArtifact { element: element.name.to_string() }),
        }
    }

    /// A root with the artifacts of a scope staged at `/`; `None` is the element's own artifact alone. With `integrate`
    /// their integration commands have run.
    ///
    /// # Errors
    /// `uncached-artifact` when one is not built, otherwise as [`Builder::build`].
    pub fn runtime_root<'a>(
        &'a self,
        request: &'a BuildRequest<'a>,
        scope: Option<Scope>,
        integrate: bool,
        observer: &'a dyn BuildObserver,
        cancel: &'a Cancel,
    ) -> Result<PreparedRoot<'a>, BuildError> {
        let mut job = BuildJob::without_digests(self, request, observer, cancel)?;
        let elements = match scope {
            Some(scope) => request.project.scope(&[request.element], scope),
            None => vec![request.element],
        };
        job.stage_artifacts(&elements, "/", None)?;
        if integrate {
            job.integrate(&elements)?;
        }
        Ok(PreparedRoot { job, cwd: "/".to_owned(), access: WriteAccess::Everything(Vec::new()) })
    }

    /// A root as the first command of the element's build finds it.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn build_root<'a>(
        &'a self,
        request: &'a BuildRequest<'a>,
        observer: &'a dyn BuildObserver,
        cancel: &'a Cancel,
    ) -> Result<PreparedRoot<'a>, BuildError> {
        let mut job = BuildJob::new(self, request, observer, cancel)?;
        job.execute_staging()?;
        Ok(PreparedRoot::for_build(job))
    }

    /// The root as the element's build left it, from its artifact.
    ///
    /// # Errors
    /// `uncached-artifact`, or `no-buildtree` when the artifact does not keep it.
    pub fn cached_root<'a>(
        &'a self,
        request: &'a BuildRequest<'a>,
        observer: &'a dyn BuildObserver,
        cancel: &'a Cancel,
    ) -> Result<PreparedRoot<'a>, BuildError> {
        let element = request.element();
        let key = request.keys_of(request.element).strong;
        let artifact = self.artifacts.lookup(&element.project, &element.name, &key)?;
        let artifact =
            artifact.ok_or_else(|| BuildError::NoArtifact { element: element.name.to_string() })?;
        let missing = || BuildError::NoBuildtree { element: element.name.to_string() };
        let tree = artifact.trees.buildroot.ok_or_else(missing)?;
        if !self.cas.is_complete(&tree)? {
            return Err(missing());
        }
        let mut job = BuildJob::without_digests(self, request, observer, cancel)?;
        job.root.stage(&[StagedTree { tree, location: "/".to_owned(), owner: 0, movable: false }])?;
        if let Some(sandbox) = artifact.sandbox {
            job.environment = sandbox.environment;
        }
        Ok(PreparedRoot::for_build(job))
    }
}

impl<'a> PreparedRoot<'a> {
    fn for_build(job: BuildJob<'a>) -> Self {
        let access = WriteAccess::Everything(job.plan().marked_directories.clone());
        Self { cwd: job.working_directory(), job, access }
    }

    /// The digest of the root.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn digest(&mut self) -> Result<Digest, BuildError> {
        let digest = self.job.root.digest()?;
        self.job.warn_of_special()?;
        Ok(digest)
    }

    /// Runs a command on the terminal. How it ended is no error.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&mut self, command: ShellCommand) -> Result<CommandOutcome, BuildError> {
        self.job.check_host_platform()?;
        let (cwd, access) = (self.cwd.clone(), self.access.clone());
        let spec = self.job.shell_command(command, cwd, access)?;
        Ok(self.job.root.run(spec, self.job.cancel)?)
    }
}
