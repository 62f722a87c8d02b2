//! The paths at which a file that another one names may be, according to the recorded inputs of an element.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::ElementId;
use super::origin_table::SessionOrigin;
use crate::path_table::join_path;
use crate::record::{ElementIndex, Origin, Record};

/// The number of folders that are searched for a name.
const MAX_FOLDERS: usize = 64;

/// The folders of an element's input roots, and what is staged there, as its recorded inputs show.
#[derive(Debug, Default)]
pub(super) struct SearchFolders {
    /// Folders of input roots, those with most files first.
    by_files: Vec<String>,
    /// Folders of input roots, each with a folder of sources or of an artifact that is staged there.
    staged: BTreeSet<(String, StagedFolder)>,
    /// Elements whose artifacts may be staged at the root.
    closure: Vec<ElementId>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum StagedFolder {
    Sources(ElementId, String),
    Artifact(ElementId, String),
}

impl SearchFolders {
    pub(super) fn of(record: &Record, names: &[ElementId]) -> Self {
        let (mut counts, mut staged) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
        for input in &record.inputs {
            let path = record.paths.text(input.path);
            if let Some((folder, _)) = path.rsplit_once('/') {
                *counts.entry(folder.to_owned()).or_default() += 1;
            }
            staged.extend(
                input.origins.iter().filter_map(|origin| staged_folder(record, &path, origin, names)),
            );
        }
        let mut by_files: Vec<(usize, String)> =
            counts.into_iter().map(|(name, count)| (count, name)).collect();
        by_files.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let by_files = by_files.into_iter().map(|(_, folder)| folder).take(MAX_FOLDERS).collect();
        Self { by_files, staged, closure: Vec::new() }
    }

    /// Sets the elements whose artifacts may be staged at the root.
    pub(super) fn set_closure(&mut self, closure: Vec<ElementId>) {
        self.closure = closure;
    }

    /// The paths that a name in a file may mean: in the folder of that file, then in the other folders.
    pub(super) fn candidate_paths(&self, file: &str, name: &str) -> Vec<String> {
        if name.starts_with('/') {
            return vec![join_path("", name)];
        }
        let own = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let others = self.by_files.iter().map(String::as_str).filter(|folder| *folder != own);
        std::iter::once(own).chain(others).map(|folder| join_path(folder, name)).collect()
    }

    /// The origins that a file at a path may have, sources before artifacts.
    pub(super) fn origins_at(&self, path: &str) -> BTreeSet<SessionOrigin> {
        let mut origins: BTreeSet<SessionOrigin> =
            self.closure.iter().map(|element| SessionOrigin::Artifact(*element, path.to_owned())).collect();
        for (at, staged) in &self.staged {
            let rest = if at.is_empty() {
                path
            } else {
                match path.strip_prefix(at.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                    Some(rest) => rest,
                    None => continue,
                }
            };
            origins.insert(match staged {
                StagedFolder::Sources(element, folder) => {
                    SessionOrigin::Source(*element, join_path(folder, rest))
                }
                StagedFolder::Artifact(element, folder) => {
                    SessionOrigin::Artifact(*element, join_path(folder, rest))
                }
            });
        }
        origins
    }
}

/// The folder of an input and that of its origin, without the last names if both end with the same ones.
fn staged_folder(
    record: &Record,
    path: &str,
    origin: &Origin,
    names: &[ElementId],
) -> Option<(String, StagedFolder)> {
    let element = |name: &ElementIndex| names[name.0 as usize];
    let (inner, staged): (_, fn(ElementId, String) -> StagedFolder) = match origin {
        Origin::Source { path, .. } => (record.paths.text(*path), StagedFolder::Sources),
        Origin::Artifact { path, .. } => (record.paths.text(*path), StagedFolder::Artifact),
        Origin::Action { .. } => return None,
    };
    let mut outer: Vec<&str> = path.split('/').collect();
    let mut inside: Vec<&str> = inner.split('/').collect();
    let names = outer.len();
    while !outer.is_empty() && outer.last() == inside.last() {
        outer.pop();
        inside.pop();
    }
    (outer.len() < names).then(|| (outer.join("/"), staged(element(&origin.element()), inside.join("/"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RecordDraft, Store};

    #[test]
    fn recorded_inputs_show_what_is_staged_where() {
        let store = Store::new();
        let mut app = RecordDraft::of(&store, "app.bst");
        let dep = [("source dep.bst:include/dep.h", None), ("artifact dep.bst:usr/include/dep.h", None)];
        app.input("usr/include/dep.h=1", &dep);
        app.input("b/app/src/main.c=1", &[("source app.bst:src/main.c", None)]);
        app.input("b/app/config.h=1", &[]);
        let folders = SearchFolders::of(&app.record, &[ElementId(0), ElementId(1)]);
        let paths = folders.candidate_paths("usr/include/dep.h", "dep/more.h");
        assert_eq!(paths, ["usr/include/dep/more.h", "b/app/dep/more.h", "b/app/src/dep/more.h"]);
        let source = |element, path: &str| SessionOrigin::Source(ElementId(element), path.to_owned());
        let artifact = |element, path: &str| SessionOrigin::Artifact(ElementId(element), path.to_owned());
        for (path, expected) in [
            ("usr/include/x.h", vec![source(1, "include/x.h"), artifact(1, "usr/include/x.h")]),
            ("b/app/x.h", vec![source(0, "x.h"), artifact(1, "b/app/x.h")]),
        ] {
            assert_eq!(folders.origins_at(path).into_iter().collect::<Vec<_>>(), expected, "{path}");
        }
    }
}
