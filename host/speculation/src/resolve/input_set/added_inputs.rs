//! Predicted additional inputs: names that a changed file has, and the files that they mean.

use crate::record::Content;
use crate::resolve::ids::{ActionId, ElementId, Invalidated};
use crate::resolve::input_set_changes::{AddedInput, CandidatePath, EditContext, SearchResult};
use crate::resolve::origin_table::{InputRef, OriginContent, SessionOrigin};
use crate::resolve::resolver::Resolver;
use crate::resolve::session_input::InputClass;

/// The number of additional inputs that a session predicts at a time.
const MAX_ADDED: usize = 2000;

/// A candidate path before it is in the origin table, with the contents of its origins as far as they are known.
struct UnregisteredPath {
    path: String,
    origins: Vec<(SessionOrigin, Option<Content>)>,
}

impl Resolver {
    /// Predicts that the actions that read a file also read the file that `name` in it means.
    pub(super) fn add_input_named(&mut self, context: &mut EditContext<'_>, name: &str) {
        let mut readers = self.readers_of(context.input);
        let live = self.input_sets.added.iter().filter(|added| !added.readers.is_empty()).count();
        if readers.is_empty() || live >= MAX_ADDED {
            return;
        }
        let paths = self.candidate_paths(self.action(readers[0]).element, context, name);
        readers.retain(|reader| !paths.iter().any(|candidate| self.has_input_at(*reader, &candidate.path)));
        if readers.is_empty() || paths.iter().all(|candidate| candidate.origins.is_empty()) {
            return;
        }
        let number = self.input_sets.added.len();
        for reader in &readers {
            self.actions[reader.0 as usize].added.insert(number);
            self.reclassify(*reader, None, Some(InputClass::Pending), context.changed);
        }
        let candidates = paths.into_iter().map(|path| self.register_candidate(path, number)).collect();
        let (search, needs_scan) = (SearchResult::Pending, false);
        self.input_sets.added.push(AddedInput { candidates, search, needs_scan, readers });
        self.input_sets.edits.entry(context.input).or_default().added.push(number);
        self.locate_added_input(number, context.changed);
    }

    /// Searches an additional input again, after one of its origins changed.
    pub(in crate::resolve) fn locate_added_input(&mut self, number: usize, changed: &mut Invalidated) {
        let added = &self.input_sets.added[number];
        let search = added.search_again(&self.origins);
        if added.readers.is_empty() || added.search == search {
            return;
        }
        self.undo_edits(InputRef::Added(number), changed);
        let added = &mut self.input_sets.added[number];
        let old = added.class();
        added.needs_scan = matches!(search, SearchResult::Found(_, Content::File { .. }));
        added.search = search;
        let (new, needs_scan, readers) = (added.class(), added.needs_scan, added.readers.clone());
        self.input_sets.set_needs_scan(InputRef::Added(number), needs_scan);
        readers.into_iter().for_each(|reader| self.reclassify(reader, Some(old), Some(new), changed));
    }

    /// The paths that a name may mean, up to the first at which a file is known to be.
    fn candidate_paths(
        &self,
        element: ElementId,
        context: &EditContext<'_>,
        name: &str,
    ) -> Vec<UnregisteredPath> {
        let folders = &self.elements[&element].folders;
        let mut candidates = Vec::new();
        for path in folders.candidate_paths(context.path, name) {
            let possible = folders.origins_at(&path).into_iter().filter_map(|origin| {
                let known = context.lookup.content_at(origin.fact()?, origin.path());
                (known != Some(None)).then_some((origin, known.flatten()))
            });
            let origins: Vec<(SessionOrigin, Option<Content>)> = possible.collect();
            let is_found = origins.iter().any(|(_, content)| content.is_some());
            candidates.push(UnregisteredPath { path, origins });
            if is_found {
                break;
            }
        }
        candidates
    }

    /// Puts the origins of a candidate path into the table, so that the input is searched again when they change.
    fn register_candidate(&mut self, candidate: UnregisteredPath, number: usize) -> CandidatePath {
        let origins = candidate.origins.into_iter().map(|(origin, content)| {
            let id = self.origins.add(origin, InputRef::Added(number));
            if let Some(content) = content {
                // Inputs that depend on this origin already were told when its fact became known.
                self.origins.set(id, OriginContent::Known(content));
            }
            id
        });
        CandidatePath { origins: origins.collect(), path: candidate.path }
    }

    /// Whether an action has an input at a path, recorded or added.
    fn has_input_at(&self, action: ActionId, path: &str) -> bool {
        let mut added = self.action(action).added.iter();
        added.any(|number| self.input_sets.added[*number].found().is_some_and(|(at, _)| at == path))
            || self.recorded_input_at(action, path).is_some()
    }
}
