//! Places that inputs come from: each once in a session, so that each is looked up once.

use std::collections::HashMap;

use super::ids::{ActionId, ElementId, Fact, PlaceId};
use crate::record::Content;

/// What a place is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum PlaceKey {
    Source(ElementId, String),
    Artifact(ElementId, String),
    Output(ActionId, String),
    /// An action that is not in this session, or not before those that read its outputs.
    Nowhere,
}

/// What is at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Found {
    #[default]
    Pending,
    Known(Content),
    Gone,
}

/// All places, and who depends on each.
#[derive(Debug, Default)]
pub(super) struct Places {
    ids: HashMap<PlaceKey, PlaceId>,
    keys: Vec<PlaceKey>,
    found: Vec<Found>,
    /// Inputs that have the place among their alternatives, by their number in the session.
    readers: Vec<Vec<usize>>,
    by_fact: HashMap<Fact, Vec<PlaceId>>,
}

impl Places {
    pub(super) fn add(&mut self, key: PlaceKey, reader: usize) -> PlaceId {
        let next = PlaceId(self.keys.len() as u32);
        let id = *self.ids.entry(key).or_insert_with_key(|key| {
            if let Some(fact) = key.fact() {
                self.by_fact.entry(fact).or_default().push(next);
            }
            self.found.push(if *key == PlaceKey::Nowhere { Found::Gone } else { Found::Pending });
            self.keys.push(key.clone());
            self.readers.push(Vec::new());
            next
        });
        self.readers[id.0 as usize].push(reader);
        id
    }

    pub(super) fn of(&self, fact: Fact) -> &[PlaceId] {
        self.by_fact.get(&fact).map_or(&[], Vec::as_slice)
    }

    pub(super) fn fact(&self, id: PlaceId) -> Option<Fact> {
        self.keys[id.0 as usize].fact()
    }

    /// The path of a place in its tree, or among the outputs.
    pub(super) fn path(&self, id: PlaceId) -> &str {
        match &self.keys[id.0 as usize] {
            PlaceKey::Source(_, path) | PlaceKey::Artifact(_, path) | PlaceKey::Output(_, path) => path,
            PlaceKey::Nowhere => "",
        }
    }

    pub(super) fn found(&self, id: PlaceId) -> &Found {
        &self.found[id.0 as usize]
    }

    /// Says what is at a place, and answers with the inputs that have to look again.
    pub(super) fn set(&mut self, id: PlaceId, found: Found) -> &[usize] {
        let known = &mut self.found[id.0 as usize];
        if *known == found || self.keys[id.0 as usize] == PlaceKey::Nowhere {
            return &[];
        }
        *known = found;
        &self.readers[id.0 as usize]
    }

    /// Who has a place among its alternatives.
    pub(super) fn readers(&self, id: PlaceId) -> &[usize] {
        &self.readers[id.0 as usize]
    }
}

impl PlaceKey {
    fn fact(&self) -> Option<Fact> {
        match self {
            Self::Source(element, _) => Some(Fact::Sources(*element)),
            Self::Artifact(element, _) => Some(Fact::Artifact(*element)),
            Self::Output(action, _) => Some(Fact::Outputs(*action)),
            Self::Nowhere => None,
        }
    }
}
