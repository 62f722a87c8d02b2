//! Which element every staged tree came from.

use spec_artifact::{OverlapWhitelist, StagedElement, StagingSession, staging_warnings};
use spec_exec::{StageReport, StagedTree};
use spec_model::Digest;

use crate::speculation::{Layer, LayerKind};
use crate::{BuildError, Builder, Request, Warning};

/// The trees of a root in the order in which they were staged. A tree's number is its *owner* in the root.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    sessions: Vec<StagingSession>,
    layers: Vec<Layer>,
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
            let artifact = builder.artifact(request, index)?;
            let Some(tree) = artifact.trees.files else { continue };
            let element = &request.project.elements[index];
            let whitelist = OverlapWhitelist::from_public(&element.public)?;
            session.elements.push(StagedElement { name: element.name.clone(), whitelist });
            trees.push(StagedTree { tree, location: location.to_owned(), owner: self.layers.len() });
            let kind = LayerKind::Artifact { record: artifact.speculative_actions };
            self.layers.push(Layer { tree, location: location.to_owned(), element: index, kind });
        }
        self.sessions.push(session);
        Ok(trees)
    }

    /// The tree of the element's own sources.
    pub(crate) fn sources(&mut self, request: &Request<'_>, tree: Digest, path: &str) -> Vec<StagedTree> {
        let own = StagedElement { name: request.element().name.clone(), whitelist: OverlapWhitelist::EMPTY };
        self.sessions.push(StagingSession { location: path.to_owned(), elements: vec![own] });
        let location = path.to_owned();
        self.layers.push(Layer { tree, location, element: request.element, kind: LayerKind::Sources });
        vec![StagedTree { tree, location: path.to_owned(), owner: self.layers.len() - 1 }]
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
        let warnings = staging_warnings(&self.sessions, &report.overlaps, &report.unstaged);
        warnings.into_iter().map(Warning::from).collect()
    }
}
