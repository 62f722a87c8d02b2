//! What depends on the machine and on dependencies in a build's environment.

use spec_execution::{Root, StagedTree};

use crate::error::BuildError;
use crate::job::BuildJob;
use crate::staged::staged_elements;

impl BuildJob<'_> {
    /// Adds the variables that hold the digest of a tree of dependencies (the setting `digest-environment`).
    pub(crate) fn add_digest_environment(&mut self) -> Result<(), BuildError> {
        for wanted in &self.plan().digest_environment {
            let elements = staged_elements(self.request.project, self.element, &wanted.dependencies);
            let mut trees = Vec::with_capacity(elements.len());
            for &element in &elements {
                if let Some(tree) = self.builder.artifact(self.request, element)?.trees.files {
                    trees.push(StagedTree { tree, location: "/".to_owned(), owner: 0, movable: false });
                }
            }
            let mut root = Root::new(self.builder.cas.clone())?;
            root.stage(&trees)?;
            let digest = root.digest()?;
            self.digest_trees.push((digest, elements));
            self.digest_environment.push((wanted.variable.clone(), digest.to_string()));
        }
        self.digest_environment.sort_unstable();
        self.environment
            .retain(|(name, _)| !self.digest_environment.iter().any(|(digest, _)| digest == name));
        self.environment.extend(self.digest_environment.iter().cloned());
        Ok(())
    }

    /// Refuses elements that run commands of another system or architecture, unless these may run elsewhere.
    pub(crate) fn check_platform(&self) -> Result<(), BuildError> {
        if self.builder.commands.takes_other_platforms() { Ok(()) } else { self.check_host_platform() }
    }

    /// Refuses elements that run commands of another system or architecture than this machine's.
    pub(crate) fn check_host_platform(&self) -> Result<(), BuildError> {
        let sandbox = &self.element.sandbox;
        let (os, arch) = (spec_project::host_os(), spec_project::host_arch());
        if !self.element.runs_commands() || sandbox.build_os == os && sandbox.build_arch == arch {
            return Ok(());
        }
        Err(BuildError::Platform {
            element: self.element.name.to_string(),
            wanted: format!("{} {}", sandbox.build_os, sandbox.build_arch),
            host: format!("{os} {arch}"),
        })
    }
}
