//! From paths in input roots to where they may come from, as the recorded inputs show it.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::ElementId;
use super::places::PlaceKey;
use crate::paths::join;
use crate::record::{NameId, Origin, Record};

/// As many folders are searched for a name.
const MOST_FOLDERS: usize = 64;

/// What is staged where, as far as an element's recorded inputs tell.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Folders in input roots that files were found in, those with most files first.
    found_in: Vec<String>,
    /// A folder in input roots, and the folder of sources or of an artifact that is staged there.
    staged: BTreeSet<(String, Staged)>,
    /// Elements whose artifacts may be staged at the root.
    closure: Vec<ElementId>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Staged {
    Sources(ElementId, String),
    Artifact(ElementId, String),
}

impl Folders {
    pub(super) fn of(record: &Record, names: &[ElementId]) -> Self {
        let (mut counts, mut staged) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
        for input in &record.inputs {
            let path = record.paths.text(input.path);
            if let Some((folder, _)) = path.rsplit_once('/') {
                *counts.entry(folder.to_owned()).or_default() += 1;
            }
            staged.extend(input.origins.iter().filter_map(|origin| folder(record, &path, origin, names)));
        }
        let mut found_in: Vec<(usize, String)> =
            counts.into_iter().map(|(name, count)| (count, name)).collect();
        found_in.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let found_in = found_in.into_iter().map(|(_, folder)| folder).take(MOST_FOLDERS).collect();
        Self { found_in, staged, closure: Vec::new() }
    }

    pub(super) fn set_closure(&mut self, closure: Vec<ElementId>) {
        self.closure = closure;
    }

    /// Where a name may lead that is in a file: beside that, then in every folder that files were found in.
    pub(super) fn paths(&self, file: &str, name: &str) -> Vec<String> {
        if name.starts_with('/') {
            return vec![join("", name)];
        }
        let beside = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let others = self.found_in.iter().map(String::as_str).filter(|folder| *folder != beside);
        std::iter::once(beside).chain(others).map(|folder| join(folder, name)).collect()
    }

    /// What may be staged at a path, sources before artifacts.
    pub(super) fn places(&self, path: &str) -> BTreeSet<PlaceKey> {
        let mut places: BTreeSet<PlaceKey> =
            self.closure.iter().map(|element| PlaceKey::Artifact(*element, path.to_owned())).collect();
        for (at, staged) in &self.staged {
            let rest = if at.is_empty() {
                path
            } else {
                match path.strip_prefix(at.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                    Some(rest) => rest,
                    None => continue,
                }
            };
            places.insert(match staged {
                Staged::Sources(element, folder) => PlaceKey::Source(*element, join(folder, rest)),
                Staged::Artifact(element, folder) => PlaceKey::Artifact(*element, join(folder, rest)),
            });
        }
        places
    }
}

/// The folders that an input and its origin are in, without the names that both end with.
fn folder(record: &Record, path: &str, origin: &Origin, names: &[ElementId]) -> Option<(String, Staged)> {
    let element = |name: &NameId| names[name.0 as usize];
    let (inner, staged): (_, fn(ElementId, String) -> Staged) = match origin {
        Origin::Source { path, .. } => (record.paths.text(*path), Staged::Sources),
        Origin::Artifact { path, .. } => (record.paths.text(*path), Staged::Artifact),
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
    use crate::failures::Draft;
    use crate::testing::Store;

    #[test]
    fn what_is_staged_where_is_learned_from_recorded_inputs() {
        let store = Store::new();
        let mut app = Draft::of(&store, "app.bst");
        let dep = [("source dep.bst:include/dep.h", None), ("artifact dep.bst:usr/include/dep.h", None)];
        app.input("usr/include/dep.h=1", &dep);
        app.input("b/app/src/main.c=1", &[("source app.bst:src/main.c", None)]);
        app.input("b/app/config.h=1", &[]);
        let folders = Folders::of(&app.record, &[ElementId(0), ElementId(1)]);
        let paths = folders.paths("usr/include/dep.h", "dep/more.h");
        assert_eq!(paths, ["usr/include/dep/more.h", "b/app/dep/more.h", "b/app/src/dep/more.h"]);
        let source = |element, path: &str| PlaceKey::Source(ElementId(element), path.to_owned());
        let artifact = |element, path: &str| PlaceKey::Artifact(ElementId(element), path.to_owned());
        for (path, expected) in [
            ("usr/include/x.h", vec![source(1, "include/x.h"), artifact(1, "usr/include/x.h")]),
            ("b/app/x.h", vec![source(0, "x.h"), artifact(1, "b/app/x.h")]),
        ] {
            assert_eq!(folders.places(path).into_iter().collect::<Vec<_>>(), expected, "{path}");
        }
    }
}
