//! Copies a part of a root: the files of domains, and what commands made.

use std::collections::HashSet;

use spec_cas::{Change, MergeInput};
use spec_model::DomainSelection;

use crate::domain_files::split_filter;
use crate::error::BuildError;
use crate::job::BuildJob;

impl BuildJob<'_> {
    /// Copies into a directory what these elements' artifacts have in the domains, and all that is new since the first
    /// command (BuildStream's `compose`).
    pub(crate) fn copy_files(
        &mut self,
        elements: &[usize],
        domains: &DomainSelection,
        to: &str,
    ) -> Result<(), BuildError> {
        self.report_activity("selecting files");
        let mut wanted = self.paths_of_domains(elements, domains)?;
        let (cas, root) = (self.builder.cas.clone().with_cancel(self.cancel), self.root.digest()?);
        if let Some(before) = self.before_commands {
            let added = cas.diff(&before, &root)?;
            wanted.extend(added.into_iter().filter_map(|Change { path, before, .. }| match before {
                None => Some(path),
                Some(_) => None,
            }));
        }
        let filter = |path: &str| wanted.contains(path);
        let tree = cas.merge(&[MergeInput { filter: Some(&filter), ..MergeInput::whole(root) }])?.root;
        self.root.place_tree(tree, to)?;
        Ok(())
    }

    /// The paths of files, links and directories that the artifacts of these elements have in the domains.
    fn paths_of_domains(
        &self,
        elements: &[usize],
        domains: &DomainSelection,
    ) -> Result<HashSet<String>, BuildError> {
        let mut paths = HashSet::new();
        for &index in elements {
            let filter = split_filter(&self.request.project.elements[index], domains)?;
            let artifact = self.builder.artifact(self.request, index)?;
            let entries = self.builder.artifacts.list_contents(&artifact, &filter)?;
            paths.extend(entries.into_iter().map(|entry| entry.path));
        }
        Ok(paths)
    }

    /// Remembers the root as it is before its first command, if the plan asks what is new since then.
    pub(crate) fn note_before_commands(&mut self) -> Result<(), BuildError> {
        if self.before_commands.is_none() && self.plan().copies_files() {
            self.before_commands = Some(self.root.digest()?);
        }
        Ok(())
    }
}
