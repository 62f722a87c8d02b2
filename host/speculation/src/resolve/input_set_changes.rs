//! The predicted changes of the sets of inputs of a session, as data.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;

use super::ids::{ActionId, Fact, Invalidated, OriginId};
use super::origin_table::{InputRef, OriginContent, OriginTable};
use super::session_input::InputClass;
use crate::record::Content;

/// Looks up contents of trees and files while the session runs.
pub trait ContentLookup {
    /// What is at a path of an element's sources or artifact; `None` while these are not known.
    fn content_at(&self, fact: Fact, path: &str) -> Option<Option<Content>>;
    /// The text of a file; `None` when it is not in the store, too large, or not a text.
    fn text(&self, digest: &Digest) -> Option<Vec<u8>>;
}

/// The predicted changes of the sets of inputs of a session.
#[derive(Debug, Default)]
pub(super) struct InputSetChanges {
    pub(super) added: Vec<AddedInput>,
    /// The inputs whose contents the policy has not seen.
    pub(super) unscanned: BTreeSet<InputRef>,
    /// The changes that follow from the contents of each input.
    pub(super) edits: HashMap<InputRef, AppliedEdits>,
    /// The names in each file, as the policy read them.
    pub(super) names: HashMap<Digest, Vec<String>>,
}

/// The changes that follow from the contents of one input.
#[derive(Debug, Default)]
pub(super) struct AppliedEdits {
    /// Numbers of added inputs.
    pub(super) added: Vec<usize>,
    /// Actions, each with the number of an input that it no longer has.
    pub(super) removed: Vec<(ActionId, usize)>,
}

/// A change that is being made for all actions that read an input.
pub(super) struct EditContext<'a> {
    /// The input whose contents changed.
    pub(super) input: InputRef,
    pub(super) path: &'a str,
    pub(super) lookup: &'a dyn ContentLookup,
    pub(super) changed: &'a mut Invalidated,
}

impl InputSetChanges {
    /// Sets whether the policy must see the contents of an input.
    pub(super) fn set_needs_scan(&mut self, input: InputRef, needs_scan: bool) {
        _ = if needs_scan { self.unscanned.insert(input) } else { self.unscanned.remove(&input) };
    }
}

/// An additional input.
#[derive(Debug)]
pub(super) struct AddedInput {
    /// The paths that the name may mean, in the order in which the compiler would search them.
    pub(super) candidates: Vec<CandidatePath>,
    pub(super) search: SearchResult,
    /// Whether the overlay policy has not seen its contents yet.
    pub(super) needs_scan: bool,
    /// The actions that are predicted to read it; empty once it is undone.
    pub(super) readers: Vec<ActionId>,
}

/// A path of input roots, and the origins that a file there may have.
#[derive(Debug)]
pub(super) struct CandidatePath {
    pub(super) path: String,
    /// Sources before artifacts. An artifact that is known is preferred.
    pub(super) origins: Vec<OriginId>,
}

/// Where an additional input was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SearchResult {
    Pending,
    /// At the candidate path with this index.
    Found(usize, Content),
    /// Nowhere: the name is probably meant for another system, or is in a branch of the preprocessor that is not taken.
    NotFound,
}

impl AddedInput {
    /// What it means for the predictions of the actions that read it.
    pub(super) fn class(&self) -> InputClass {
        match &self.search {
            SearchResult::Pending => InputClass::Pending,
            SearchResult::Found(..) if self.needs_scan => InputClass::Pending,
            SearchResult::Found(..) => InputClass::Changed,
            SearchResult::NotFound => InputClass::Unchanged,
        }
    }

    /// Its path and contents, if it was found.
    pub(super) fn found(&self) -> Option<(&str, &Content)> {
        match &self.search {
            SearchResult::Found(index, content) => Some((&self.candidates[*index].path, content)),
            SearchResult::Pending | SearchResult::NotFound => None,
        }
    }

    /// All origins that it may have.
    pub(super) fn origins(&self) -> impl Iterator<Item = OriginId> {
        self.candidates.iter().flat_map(|candidate| candidate.origins.iter().copied())
    }

    pub(super) fn search_again(&self, table: &OriginTable) -> SearchResult {
        for (index, candidate) in self.candidates.iter().enumerate() {
            let mut contents = candidate.origins.iter().rev().map(|origin| table.content(*origin));
            let known = contents.clone().find_map(|content| match content {
                OriginContent::Known(content) => Some(content.clone()),
                OriginContent::Pending | OriginContent::Gone => None,
            });
            match known {
                Some(content) => return SearchResult::Found(index, content),
                None if contents.any(|content| *content == OriginContent::Pending) => {
                    return SearchResult::Pending;
                }
                None => {}
            }
        }
        SearchResult::NotFound
    }
}
