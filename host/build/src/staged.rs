//! Which element every staged tree came from.

use std::collections::HashMap;

use spec_artifact::{OverlapWhitelist, StagedElement, StagingSession, staging_warnings};
use spec_execution::{StageReport, StagedTree};
use spec_model::{Digest, DomainSelection, StagedLayer, StagedLayerKind};
use spec_project::{Element, Project, Scope};

use crate::builder::Builder;
use crate::domain_files::files_of_domains;
use crate::error::BuildError;
use crate::request::BuildRequest;
use crate::warning::Warning;

/// The trees of a root in the order in which they were staged. A tree's number is its *owner* in the root.
#[derive(Debug, Default)]
pub(crate) struct StagedTrees {
    sessions: Vec<StagingSession>,
    layers: Vec<StagedLayer>,
    /// What was looked up already: plans may stage the same elements thousands of times.
    artifacts: HashMap<usize, StagedArtifact>,
    selections: HashMap<Vec<u32>, Vec<usize>>,
}

/// What staging needs of an element.
#[derive(Clone, Debug)]
struct StagedArtifact {
    files: Option<Digest>,
    record: Option<Digest>,
    element: StagedElement,
}

impl StagedTrees {
    /// The trees of these elements' artifacts, to be staged together at `location`; only the files of some domains, if
    /// `domains` says so.
    pub(crate) fn session(
        &mut self,
        builder: &Builder,
        request: &BuildRequest<'_>,
        elements: &[usize],
        location: &str,
        domains: Option<&DomainSelection>,
    ) -> Result<Vec<StagedTree>, BuildError> {
        let mut session = StagingSession { location: location.to_owned(), elements: Vec::new() };
        let mut trees = Vec::with_capacity(elements.len());
        for &index in elements {
            let StagedArtifact { files, record, element } = self.lookup(builder, request, index)?;
            let Some(mut tree) = files else { continue };
            if let Some(domains) = domains {
                tree = files_of_domains(&builder.cas, &request.project.elements[index], tree, domains)?;
            }
            session.elements.push(element);
            trees.push(StagedTree {
                tree,
                location: location.to_owned(),
                owner: self.layers.len(),
                movable: false,
            });
            let kind = StagedLayerKind::Artifact { record };
            let element = request.project.elements[index].name.to_string();
            self.layers.push(StagedLayer { tree, location: location.to_owned(), element, kind });
        }
        self.sessions.push(session);
        Ok(trees)
    }

    /// The elements that are staged for these dependencies of the plan.
    pub(crate) fn selection(
        &mut self,
        project: &Project,
        element: &Element,
        dependencies: &[u32],
    ) -> Vec<usize> {
        if let Some(elements) = self.selections.get(dependencies) {
            return elements.clone();
        }
        let selection = staged_elements(project, element, dependencies);
        self.selections.insert(dependencies.to_vec(), selection.clone());
        selection
    }

    fn lookup(
        &mut self,
        builder: &Builder,
        request: &BuildRequest<'_>,
        index: usize,
    ) -> Result<StagedArtifact, BuildError> {
        if let Some(artifact) = self.artifacts.get(&index) {
            return Ok(artifact.clone());
        }
        let artifact = builder.artifact(request, index)?;
        let element = &request.project.elements[index];
        let whitelist = OverlapWhitelist::from_public(element.artifact_public())?;
        let element = StagedElement { name: element.name.clone(), whitelist };
        let found =
            StagedArtifact { files: artifact.trees.files, record: artifact.speculative_actions, element };
        self.artifacts.insert(index, found.clone());
        Ok(found)
    }

    /// The tree of the element's own sources.
    pub(crate) fn sources(
        &mut self,
        request: &BuildRequest<'_>,
        tree: Digest,
        path: &str,
    ) -> Vec<StagedTree> {
        let own = StagedElement { name: request.element().name.clone(), whitelist: OverlapWhitelist::EMPTY };
        self.sessions.push(StagingSession { location: path.to_owned(), elements: vec![own] });
        let location = path.to_owned();
        self.layers.push(StagedLayer {
            tree,
            location,
            element: request.element().name.to_string(),
            kind: StagedLayerKind::Sources,
        });
        vec![StagedTree { tree, location: path.to_owned(), owner: self.layers.len() - 1, movable: true }]
    }

    /// The full name of the element whose tree has this number.
    pub(crate) fn element(&self, owner: usize) -> &str {
        &self.layers[owner].element
    }

    /// All trees, in the order of staging.
    pub(crate) fn layers(&self) -> &[StagedLayer] {
        &self.layers
    }

    /// What went wrong in the session that was staged last.
    pub(crate) fn warnings(&self, report: &StageReport) -> Vec<Warning> {
        if report.overlaps.is_empty() && report.unstaged.is_empty() {
            return Vec::new();
        }
        let warnings = staging_warnings(&self.sessions, &report.overlaps, &report.unstaged);
        warnings.into_iter().map(Warning::from).collect()
    }
}

/// The elements that are staged for these dependencies of a plan: they and all they need at run time, in staging
/// order, each once (BuildStream's `Element.dependencies(selection)`). Indices that the plan does not have were
/// refused when it was made.
pub(crate) fn staged_elements(project: &Project, element: &Element, dependencies: &[u32]) -> Vec<usize> {
    project.scope(&direct_elements(element, dependencies), Scope::Run)
}

/// The elements that these dependencies of a plan are.
pub(crate) fn direct_elements(element: &Element, dependencies: &[u32]) -> Vec<usize> {
    let direct = dependencies.iter().filter_map(|index| element.plan_dependencies.get(*index as usize));
    direct.copied().collect()
}
