//! Which element every staged tree came from.

use std::collections::HashMap;

use spec_artifact::{OverlapWhitelist, StagedElement, StagingSession, staging_warnings};
use spec_execution::{StageReport, StagedTree};
use spec_model::Digest;
use spec_project::{Element, Project};

use crate::speculation::{Layer, LayerKind};
use crate::{BuildError, Builder, Request, Warning, selection};

/// The trees of a root in the order in which they were staged. A tree's number is its *owner* in the root.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    sessions: Vec<StagingSession>,
    layers: Vec<Layer>,
    /// What was looked up already: plans may stage the same elements thousands of times.
    known: HashMap<usize, Known>,
    selections: HashMap<Vec<u32>, Vec<usize>>,
}

/// What staging needs of an element.
#[derive(Clone, Debug)]
struct Known {
    files: Option<Digest>,
    record: Option<Digest>,
    element: StagedElement,
}

impl Staged {
    /// The trees of these elements' artifacts, to be staged together at `location`.
    pub(crate) fn session(
        &mut self,
        builder: &Builder,
        request: &Request<'_>,
        elements: &[usize],
        location: &str,
    ) -> Result<Vec<StagedTree>, BuildError> {
        let mut session = StagingSession { location: location.to_owned(), elements: Vec::new() };
        let mut trees = Vec::with_capacity(elements.len());
        for &index in elements {
            let Known { files, record, element } = self.known(builder, request, index)?;
            let Some(tree) = files else { continue };
            session.elements.push(element);
            trees.push(StagedTree {
                tree,
                location: location.to_owned(),
                owner: self.layers.len(),
                movable: false,
            });
            let kind = LayerKind::Artifact { record };
            self.layers.push(Layer { tree, location: location.to_owned(), element: index, kind });
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
        if let Some(known) = self.selections.get(dependencies) {
            return known.clone();
        }
        let selection = selection::staged(project, element, dependencies);
        self.selections.insert(dependencies.to_vec(), selection.clone());
        selection
    }

    fn known(&mut self, builder: &Builder, request: &Request<'_>, index: usize) -> Result<Known, BuildError> {
        if let Some(known) = self.known.get(&index) {
            return Ok(known.clone());
        }
        let artifact = builder.artifact(request, index)?;
        let element = &request.project.elements[index];
        let whitelist = OverlapWhitelist::from_public(&element.public)?;
        let element = StagedElement { name: element.name.clone(), whitelist };
        let known = Known { files: artifact.trees.files, record: artifact.speculative_actions, element };
        self.known.insert(index, known.clone());
        Ok(known)
    }

    /// The tree of the element's own sources.
    pub(crate) fn sources(&mut self, request: &Request<'_>, tree: Digest, path: &str) -> Vec<StagedTree> {
        let own = StagedElement { name: request.element().name.clone(), whitelist: OverlapWhitelist::EMPTY };
        self.sessions.push(StagingSession { location: path.to_owned(), elements: vec![own] });
        let location = path.to_owned();
        self.layers.push(Layer { tree, location, element: request.element, kind: LayerKind::Sources });
        vec![StagedTree { tree, location: path.to_owned(), owner: self.layers.len() - 1, movable: true }]
    }

    /// The element whose tree has this number.
    pub(crate) fn element(&self, owner: usize) -> usize {
        self.layers[owner].element
    }

    /// All trees, in the order of staging.
    pub(crate) fn layers(&self) -> &[Layer] {
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
