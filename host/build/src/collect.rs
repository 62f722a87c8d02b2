//! From a root after its commands to a stored artifact.

use spec_artifact::{
    Artifact, ArtifactDraft, ArtifactKeys, ArtifactTrees, BuildDependency, LogDraft, Outcome, SandboxState,
};
use spec_execution::ExecutionError;
use spec_model::{Digest, Subaction};
use spec_project::metadata;

use crate::builder::CacheBuildtrees;
use crate::error::BuildError;
use crate::error::CommandFailure;
use crate::job::BuildJob;
use crate::speculation::{BuildReport, SpeculationBlobs};
use crate::warning::Warning;

/// Lines at the end of a log that go into a failed artifact's record.
const DETAIL_LINES: usize = 20;

impl BuildJob<'_> {
    /// Collects what the plan says and stores the artifact.
    pub(crate) fn store_success(mut self) -> Result<Artifact, BuildError> {
        self.report_activity("caching the artifact");
        let mut trees = ArtifactTrees::default();
        let files = self.files(&mut trees);
        self.warn_of_special()?;
        let files = match files {
            Ok(files) => files,
            Err(error @ (BuildError::NothingToCollect { .. } | BuildError::ArtifactTooLarge { .. })) => {
                self.store(Outcome::Failed { error: error.to_string(), details: String::new() }, trees)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        self.check_quota()?;
        trees.files = Some(files);
        self.store(Outcome::Succeeded, trees)
    }

    /// Checks that what was stored fits into the cache.
    fn check_quota(&self) -> Result<(), BuildError> {
        let stored = self.builder.cas.stored_bytes();
        match self.builder.quota {
            Some(most) if stored > most => Err(BuildError::CacheTooFull { stored, most }),
            _ => Ok(()),
        }
    }

    /// The tree that the plan collects; the build tree goes to `trees` if it is kept.
    fn files(&mut self, trees: &mut ArtifactTrees) -> Result<Digest, BuildError> {
        let plan = self.plan();
        let (path, most) = (&plan.collect, self.builder.options.artifact_size);
        let too_large = |found| BuildError::ArtifactTooLarge { path: path.clone(), found, most };
        let of_workspace = self.element.workspace.is_some();
        let files = match self.builder.options.cache_buildtrees {
            CacheBuildtrees::Always => {
                self.keep_buildtree(trees)?;
                self.root.subtree(path)?
            }
            CacheBuildtrees::Auto if of_workspace => {
                self.keep_buildtree(trees)?;
                self.root.subtree(path)?
            }
            CacheBuildtrees::Auto | CacheBuildtrees::Never => {
                self.root.collect(path, most).map_err(|error| match error {
                    ExecutionError::TooMuchWritten { found, .. } => too_large(found),
                    other => other.into(),
                })?
            }
        };
        let files = files.ok_or_else(|| BuildError::NothingToCollect { path: path.clone() })?;
        let found = self.builder.cas.clone().with_cancel(self.cancel).tree_size(&files)?.bytes;
        if found > most { Err(too_large(found)) } else { Ok(files) }
    }

    /// Stores what is left of a build whose command failed, and completes the failure.
    pub(crate) fn store_failure(mut self, mut failure: CommandFailure) -> BuildError {
        let mut trees = ArtifactTrees::default();
        if self.builder.options.cache_buildtrees != CacheBuildtrees::Never {
            self.report_activity("caching the build tree");
            failure.has_buildtree = match self.keep_buildtree(&mut trees) {
                Ok(()) => trees.buildroot.is_some(),
                Err(error) => {
                    self.observer.warning(lost_buildtree(&error));
                    false
                }
            };
        }
        if let Err(error) = self.warn_of_special() {
            return error;
        }
        let details = failure.output_tail(DETAIL_LINES).join("\n");
        let error = format!("{failure}: {}", failure.command);
        match self.store(Outcome::Failed { error, details }, trees) {
            Ok(_) => BuildError::Command(Box::new(failure)),
            Err(error) => error,
        }
    }

    /// Stores that a command of the build is missing. As in BuildStream, that is a failure of the element, which others need not find again.
    pub(crate) fn store_missing_command(mut self, error: BuildError) -> BuildError {
        if let Err(error) = self.warn_of_special() {
            return error;
        }
        let outcome = Outcome::Failed { error: error.to_string(), details: String::new() };
        self.store(outcome, ArtifactTrees::default()).err().unwrap_or(error)
    }

    fn keep_buildtree(&mut self, trees: &mut ArtifactTrees) -> Result<(), BuildError> {
        trees.buildroot = Some(self.root.digest()?);
        trees.sources = self.request.sources;
        if let Some(path) = self.element.variable("build-root") {
            trees.buildtree = self.root.subtree(&path)?;
        }
        Ok(())
    }

    fn store(self, outcome: Outcome, trees: ArtifactTrees) -> Result<Artifact, BuildError> {
        let keys = self.request.keys_of(self.request.element);
        let log = self.log.as_ref().map(|log| log.path().to_owned());
        let asked = self.socket.take();
        let subactions = spec_action::record::store(&self.builder.cas, &asked)?;
        let blobs = self.make_record(&asked, &outcome, trees.files);
        let draft = ArtifactDraft {
            keys: ArtifactKeys { strong: keys.strong, strict: keys.strict, weak: keys.weak },
            outcome,
            was_workspaced: self.element.workspace.is_some(),
            trees,
            sandbox: trees.buildroot.map(|_| self.sandbox_state()),
            build_deps: self.build_dependencies(),
            public_data: metadata::public_data(self.element).into_bytes(),
            low_diversity_meta: metadata::low_diversity(self.element, &self.digest_environment).into_bytes(),
            high_diversity_meta: metadata::high_diversity(self.element).into_bytes(),
            logs: log.iter().map(|file| LogDraft { name: file_name(file), file: file.clone() }).collect(),
            speculative_actions: blobs.record,
            misses: blobs.misses,
            subactions,
            key_description: self.request.key_description.map(str::to_owned),
        };
        Ok(self.builder.artifacts.store(&self.element.project, &self.element.name, draft)?)
    }

    fn build_dependencies(&self) -> Vec<BuildDependency> {
        let project = self.request.project;
        let dependency = |index: usize| BuildDependency {
            project: project.elements[index].project.to_string(),
            element: project.elements[index].name.clone(),
            key: self.request.keys_of(index).strong,
            was_workspaced: project.elements[index].workspace.is_some(),
        };
        project.build_scope(self.request.element).into_iter().map(dependency).collect()
    }

    fn sandbox_state(&self) -> SandboxState {
        let mut environment = self.environment.clone();
        environment.sort_unstable();
        SandboxState {
            environment,
            working_directory: self.working_directory(),
            subsandboxes: self.digest_trees.iter().map(|(tree, _)| *tree).collect(),
            marked_directories: self.plan().marked_directories.clone(),
        }
    }
}

impl BuildJob<'_> {
    pub(crate) fn make_record(
        &self,
        asked: &[Subaction],
        outcome: &Outcome,
        files: Option<Digest>,
    ) -> SpeculationBlobs {
        let (Some(speculation), Some(_)) =
            (&self.builder.speculation, &self.element.sandbox.remote_apis_socket)
        else {
            return SpeculationBlobs::default();
        };
        let mut blobs = speculation.make_record(&BuildReport {
            element: self.request.element,
            keys: self.request.keys_of(self.request.element),
            layers: self.staged.layers(),
            folder: &self.working_directory(),
            platforms: &self.digest_trees,
            subactions: asked,
            succeeded: *outcome == Outcome::Succeeded,
            files,
        });
        if let Some(warning) = blobs.warning.take() {
            self.observer.warning(warning);
        }
        blobs
    }
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn lost_buildtree(error: &BuildError) -> Warning {
    Warning {
        reason: "buildtree-lost",
        text: "the build tree of the failed build could not be kept".to_owned(),
        detail: error.to_string(),
    }
}
