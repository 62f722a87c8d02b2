//! A build from the first step of its plan to the stored artifact.

use spec_artifact::Artifact;
use spec_model::{Cancel, Digest, DomainSelection};
use spec_project::Scope;
use spec_strategy::Step;

use crate::builder::Builder;
use crate::error::BuildError;
use crate::job::{BuildJob, BuildObserver};
use crate::request::BuildRequest;
use crate::staged::direct_elements;

impl Builder {
    /// Builds one element; its build dependencies must be there. Nothing is stored when the build is cancelled or
    /// does not come to its commands; a command that fails leaves a failed artifact.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(
        &self,
        request: &BuildRequest<'_>,
        observer: &dyn BuildObserver,
        cancel: &Cancel,
    ) -> Result<Artifact, BuildError> {
        if let Some(refusal) = &request.element().configured.refusal {
            return Err(BuildError::Refused(refusal.clone()));
        }
        let mut job = BuildJob::new(self, request, observer, cancel)?;
        job.start_log("build")?;
        let made = job.execute_plan();
        job.socket.close();
        if cancel.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        match made {
            Ok(()) => job.store_success(),
            Err(BuildError::Command(failure)) => Err(job.store_failure(*failure)),
            Err(error @ BuildError::MissingCommand { .. }) => Err(job.store_missing_command(error)),
            Err(error) => Err(error),
        }
    }
}

impl BuildJob<'_> {
    /// Does all steps, in order.
    pub(crate) fn execute_plan(&mut self) -> Result<(), BuildError> {
        let plan = self.plan();
        plan.steps.chunk_by(share_batch).try_for_each(|steps| match steps {
            [Step::Run(_), ..] => {
                self.note_before_commands()?;
                self.run_groups(steps.iter().filter_map(|step| match step {
                    Step::Run(group) => Some(group),
                    _ => None,
                }))
            }
            _ => steps.iter().try_for_each(|step| self.execute(step)),
        })
    }

    /// Does the steps before the first command: a root as the commands find it.
    pub(crate) fn execute_staging(&mut self) -> Result<(), BuildError> {
        let plan = self.plan();
        let staging = plan.steps.iter().take_while(|step| !matches!(step, Step::Run(_)));
        for step in staging {
            self.execute(step)?;
        }
        Ok(())
    }

    fn execute(&mut self, step: &Step) -> Result<(), BuildError> {
        if self.cancel.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        match step {
            Step::StageDependencies { location, dependencies } => {
                self.report_activity("staging dependencies");
                let elements = self.staged.selection(self.request.project, self.element, dependencies);
                self.stage_artifacts(&elements, location, None)
            }
            Step::StageFiles { location, dependencies, domains, runtime } => {
                self.report_activity("staging dependencies");
                let elements = match runtime {
                    true => self.staged.selection(self.request.project, self.element, dependencies),
                    false => direct_elements(self.element, dependencies),
                };
                self.stage_artifacts(&elements, location, Some(domains))
            }
            Step::StageElements { location, elements } => {
                self.report_activity("staging dependencies");
                let elements = self.named_elements(elements)?;
                self.stage_artifacts(&elements, location, None)
            }
            Step::CopyFiles { to, dependencies, domains } => {
                let elements = self.staged.selection(self.request.project, self.element, dependencies);
                self.copy_files(&elements, domains, to)
            }
            Step::Integrate { dependencies } => {
                self.note_before_commands()?;
                let elements = self.staged.selection(self.request.project, self.element, dependencies);
                self.integrate(&elements)
            }
            Step::StageSources { path } => self.stage_sources(path),
            Step::MakeDirectory { path } => Ok(self.root.make_directory(path)?),
            Step::CopyTree { from, to } => match self.root.copy_tree(from, to)? {
                true => Ok(()),
                false => Err(BuildError::MissingDirectory { path: from.clone() }),
            },
            Step::CopyTreeIfPresent { from, to } => Ok(self.root.copy_tree(from, to).map(drop)?),
            Step::WriteFile { path, content, executable } => {
                Ok(self.root.write_file(path, content.as_bytes(), *executable)?)
            }
            Step::Run(group) => self.run_groups([group].into_iter()),
        }
    }

    /// The elements of these full names, and all that they need at run time.
    fn named_elements(&self, names: &[String]) -> Result<Vec<usize>, BuildError> {
        let project = self.request.project;
        let missing = |name: &String| BuildError::NoArtifact { element: name.clone() };
        let named = names.iter().map(|name| project.index(name).ok_or_else(|| missing(name)));
        Ok(project.scope(&named.collect::<Result<Vec<_>, _>>()?, Scope::Run))
    }

    /// Stages the artifacts of these elements together and warns of what overlaps.
    pub(crate) fn stage_artifacts(
        &mut self,
        elements: &[usize],
        location: &str,
        domains: Option<&DomainSelection>,
    ) -> Result<(), BuildError> {
        let session = self.staged.session(self.builder, self.request, elements, location, domains)?;
        let report = self.root.stage(&session)?;
        for warning in self.staged.warnings(&report) {
            self.warn(warning)?;
        }
        Ok(())
    }

    fn stage_sources(&mut self, path: &str) -> Result<(), BuildError> {
        self.report_activity("staging sources");
        let Some(tree) = self.request.sources else { return Ok(self.root.make_directory(path)?) };
        let empty = Digest::of(b"");
        if self.root.subtree(path)?.is_some_and(|there| there != empty) {
            let owner = self.root.owner_of(path)?;
            let element = owner.map_or("the plan itself", |owner| self.staged.element(owner)).to_owned();
            return Err(BuildError::SourcesOverFiles { path: path.to_owned(), element });
        }
        let tree = match self.request.previous {
            Some(previous) => {
                self.report_activity("building incrementally");
                self.builder.cas.apply_changes(&previous.buildtree, &previous.sources, &tree)?
            }
            None => tree,
        };
        let session = self.staged.sources(self.request, tree, path);
        self.root.stage(&session)?;
        Ok(())
    }
}

/// Whether the commands of two steps, one after the other, are one batch. BuildStream's are, as long as the same can be
/// written.
fn share_batch(step: &Step, next: &Step) -> bool {
    match (step, next) {
        (Step::Run(group), Step::Run(next)) => group.read_only_root == next.read_only_root,
        _ => false,
    }
}
