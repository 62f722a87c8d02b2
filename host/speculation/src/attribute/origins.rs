//! The origins of one input.

use std::collections::HashMap;

use super::outputs::{Outputs, Written};
use super::{Build, LayerKind, Staged};
use crate::error::Result;
use crate::paths::{PathId, join};
use crate::record::{Content, Input, NameId, Origin, Record};

/// Which origins are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Outputs of the element's own actions.
    pub(crate) own_actions: bool,
    /// Outputs of the actions of dependencies.
    pub(crate) other_actions: bool,
}

/// Finds origins in one build.
pub(super) struct Attributor<'a> {
    build: &'a Build<'a>,
    limits: Limits,
    /// Files of dependencies' artifacts whose own origin is known, by element and path.
    installed: HashMap<&'a str, (&'a Record, HashMap<String, &'a Input>)>,
}

impl<'a> Attributor<'a> {
    pub(super) fn new(build: &'a Build<'a>, limits: Limits) -> Self {
        let by_path = |record: &'a Record| {
            record.installed.iter().map(|input| (record.paths.text(input.path), input)).collect()
        };
        let installed =
            build.dependencies.iter().map(|record| (record.element(), (*record, by_path(record))));
        Self { build, limits, installed: installed.collect() }
    }

    /// Where the input with these contents came from: all alternatives in the usual order.
    pub(super) fn origins(
        &self,
        record: &mut Record,
        path: PathId,
        content: &Content,
        outputs: &Outputs,
    ) -> Result<Vec<Origin>> {
        let path = record.paths.text(path);
        let mut places = vec![path.clone()];
        places.extend(self.build.folders.iter().map(|folder| join(folder, &path)));
        let mut origins = Vec::new();
        let mut staged_here = false;
        for place in &places {
            if let Some(staged) = self.build.staging.at(place)? {
                staged_here = true;
                if staged.content == *content {
                    origins.extend(self.staged(record, &staged));
                    break;
                }
            }
        }
        if self.limits.own_actions {
            let written = places.iter().find_map(|place| outputs.at(place, content));
            // At a place of its own the bytes must be what was written there; a file that was staged has not moved.
            let moved = || outputs.moved(content).filter(|_| origins.is_empty() && !staged_here);
            let own = written.or_else(moved);
            origins.extend(own.map(|Written { base, path }| Origin::Action {
                element: NameId::SELF,
                base: *base,
                path: *path,
            }));
        }
        origins.sort_by_key(Origin::rank);
        Ok(origins)
    }

    /// The origin of a staged path, and where that artifact's own build had it from.
    fn staged(&self, record: &mut Record, staged: &Staged<'_>) -> Vec<Origin> {
        let element = record.name_id(&staged.layer.element);
        let path = record.paths.add(&staged.path);
        match staged.layer.kind {
            LayerKind::Source => vec![Origin::Source { element, path }],
            LayerKind::Artifact => {
                let mut origins = self.behind(record, staged);
                origins.push(Origin::Artifact { element, path });
                origins
            }
        }
    }

    fn behind(&self, record: &mut Record, staged: &Staged<'_>) -> Vec<Origin> {
        let Some((other, by_path)) = self.installed.get(staged.layer.element.as_str()) else {
            return Vec::new();
        };
        let known = by_path.get(&staged.path).filter(|input| input.seen == staged.content);
        let wanted = known.into_iter().flat_map(|input| &input.origins).filter(|origin| match origin {
            Origin::Action { .. } => self.limits.other_actions,
            Origin::Source { .. } | Origin::Artifact { .. } => true,
        });
        wanted.map(|origin| translate(origin, other, record)).collect()
    }
}

/// An origin of one record in the numbers of another.
fn translate(origin: &Origin, from: &Record, to: &mut Record) -> Origin {
    let element = to.name_id(from.name(origin.element()));
    let mut path = |path: &PathId| to.paths.add(&from.paths.text(*path));
    match origin {
        Origin::Source { path: known, .. } => Origin::Source { element, path: path(known) },
        Origin::Artifact { path: known, .. } => Origin::Artifact { element, path: path(known) },
        Origin::Action { base, path: known, .. } => {
            Origin::Action { element, base: *base, path: path(known) }
        }
    }
}
