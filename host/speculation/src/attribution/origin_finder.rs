//! Finds the origins of inputs.

use std::collections::HashMap;

use spec_model::StagedLayerKind;

use super::element_build::ElementBuild;
use super::produced_outputs::{OutputRef, ProducedOutputs};
use super::staged_root::StagedEntry;
use crate::error::Result;
use crate::path_table::{PathId, join_path};
use crate::record::{Content, ElementIndex, Origin, Record, RecordedInput};

/// Which origins are recorded beside sources and artifacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OriginScope {
    /// Outputs of the element's own actions.
    pub(crate) own_actions: bool,
    /// Outputs of the actions of dependencies.
    pub(crate) other_actions: bool,
}

/// Finds the origins of the inputs of one build.
pub(super) struct OriginFinder<'a> {
    build: &'a ElementBuild<'a>,
    scope: OriginScope,
    /// The files of dependencies' artifacts whose origin is recorded, by element and path.
    installed: HashMap<&'a str, (&'a Record, HashMap<String, &'a RecordedInput>)>,
}

impl<'a> OriginFinder<'a> {
    pub(super) fn new(build: &'a ElementBuild<'a>, scope: OriginScope) -> Self {
        let by_path = |record: &'a Record| {
            record.installed.iter().map(|input| (record.paths.text(input.path), input)).collect()
        };
        let installed =
            build.dependencies.iter().map(|record| (record.element(), (*record, by_path(record))));
        Self { build, scope, installed: installed.collect() }
    }

    /// All origins of the input at a path with these contents, in the order of [`Origin::rank`].
    pub(super) fn find(
        &self,
        record: &mut Record,
        path: PathId,
        content: &Content,
        outputs: &ProducedOutputs,
    ) -> Result<Vec<Origin>> {
        let path = record.paths.text(path);
        let mut sandbox_paths = vec![path.clone()];
        sandbox_paths.extend(self.build.folders.iter().map(|folder| join_path(folder, &path)));
        let mut origins = Vec::new();
        let mut is_staged = false;
        for sandbox_path in &sandbox_paths {
            if let Some(staged) = self.build.staging.at(sandbox_path)? {
                is_staged = true;
                if staged.content == *content {
                    origins.extend(self.staged(record, &staged));
                    break;
                }
            }
        }
        if self.scope.own_actions {
            let written = sandbox_paths.iter().find_map(|path| outputs.producer_at(path, content));
            // A build system may have moved an output. A file that was staged at this path is not a moved output.
            let moved = || outputs.sole_producer(content).filter(|_| origins.is_empty() && !is_staged);
            let own = written.or_else(moved);
            origins.extend(own.map(|OutputRef { base, path }| Origin::Action {
                element: ElementIndex::SELF,
                base: *base,
                path: *path,
            }));
        }
        origins.sort_by_key(Origin::rank);
        Ok(origins)
    }

    /// The origin of a staged path, and, for an artifact, the origins that its element's record has for the file.
    fn staged(&self, record: &mut Record, staged: &StagedEntry<'_>) -> Vec<Origin> {
        let element = record.element_index(&staged.layer.element);
        let path = record.paths.add(&staged.path);
        match staged.layer.kind {
            StagedLayerKind::Sources => vec![Origin::Source { element, path }],
            StagedLayerKind::Artifact { .. } => {
                let mut origins = self.origins_in_dependency(record, staged);
                origins.push(Origin::Artifact { element, path });
                origins
            }
        }
    }

    fn origins_in_dependency(&self, record: &mut Record, staged: &StagedEntry<'_>) -> Vec<Origin> {
        let Some((other, by_path)) = self.installed.get(staged.layer.element.as_str()) else {
            return Vec::new();
        };
        let known = by_path.get(&staged.path).filter(|input| input.content == staged.content);
        let wanted = known.into_iter().flat_map(|input| &input.origins).filter(|origin| match origin {
            Origin::Action { .. } => self.scope.other_actions,
            Origin::Source { .. } | Origin::Artifact { .. } => true,
        });
        wanted.map(|origin| translate(origin, other, record)).collect()
    }
}

/// An origin with the numbers of another record.
fn translate(origin: &Origin, from: &Record, to: &mut Record) -> Origin {
    let element = to.element_index(from.name(origin.element()));
    let mut path = |path: &PathId| to.paths.add(&from.paths.text(*path));
    match origin {
        Origin::Source { path: known, .. } => Origin::Source { element, path: path(known) },
        Origin::Artifact { path: known, .. } => Origin::Artifact { element, path: path(known) },
        Origin::Action { base, path: known, .. } => {
            Origin::Action { element, base: *base, path: path(known) }
        }
    }
}
