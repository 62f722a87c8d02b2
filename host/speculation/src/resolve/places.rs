//! Places that inputs come from: each once in a session, so that each is looked up once.

use std::collections::HashMap;

use super::ids::{ActionId, ElementId, Fact, PlaceId};
use crate::record::Content;

/// What a place is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PlaceKey {
    Source(ElementId, String),
    Artifact(ElementId, String),
    Output(ActionId, String),
    /// An action that is not in this session, or not before those that read its outputs.
    Nowhere,
}

/// Who wants to know what is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Asker {
    /// A recorded input, by its number in the session.
    Input(usize),
    /// One that is guessed to have come, by its number in the session.
    Gained(usize),
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
    /// Who has the place among its alternatives.
    readers: Vec<Vec<Asker>>,
    by_fact: HashMap<Fact, Vec<PlaceId>>,
}

impl Places {
    pub(super) fn add(&mut self, key: PlaceKey, reader: Asker) -> PlaceId {
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
        self.keys[id.0 as usize].path()
    }

    pub(super) fn found(&self, id: PlaceId) -> &Found {
        &self.found[id.0 as usize]
    }

    /// Says what is at a place, and answers with those that have to look again.
    pub(super) fn set(&mut self, id: PlaceId, found: Found) -> &[Asker] {
        let known = &mut self.found[id.0 as usize];
        if *known == found || self.keys[id.0 as usize] == PlaceKey::Nowhere {
            return &[];
        }
        *known = found;
        &self.readers[id.0 as usize]
    }

    /// Who has a place among its alternatives.
    pub(super) fn readers(&self, id: PlaceId) -> &[Asker] {
        &self.readers[id.0 as usize]
    }
}

impl PlaceKey {
    /// Its path in its tree, or among the outputs.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Source(_, path) | Self::Artifact(_, path) | Self::Output(_, path) => path,
            Self::Nowhere => "",
        }
    }

    pub(super) fn fact(&self) -> Option<Fact> {
        match self {
            Self::Source(element, _) => Some(Fact::Sources(*element)),
            Self::Artifact(element, _) => Some(Fact::Artifact(*element)),
            Self::Output(action, _) => Some(Fact::Outputs(*action)),
            Self::Nowhere => None,
        }
    }
}
