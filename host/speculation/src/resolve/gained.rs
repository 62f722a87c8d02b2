//! An input that actions are guessed to have gained.

use super::ids::{ActionId, PlaceId};
use super::input::Class;
use super::places::{Found, Places};
use crate::record::Content;

/// A name that the contents of a file say, and what it stands for.
#[derive(Debug)]
pub(super) struct Gained {
    /// Where it may be, the likeliest first.
    pub(super) spots: Vec<Spot>,
    pub(super) value: Sought,
    /// Whether its contents still have to be scanned.
    pub(super) due: bool,
    pub(super) users: Vec<ActionId>,
}

/// A path in input roots, and the places that would be staged there.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) path: String,
    /// Sources before artifacts; what an artifact has counts for more once it is known.
    pub(super) places: Vec<PlaceId>,
}

/// What came of looking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    Pending,
    /// At the spot with this index.
    Found(usize, Content),
    /// It is not there, so the name is one of another system, or of a condition that does not hold.
    Nowhere,
}

impl Gained {
    /// What it does to the actions that have it.
    pub(super) fn class(&self) -> Class {
        match &self.value {
            Sought::Pending => Class::Pending,
            Sought::Found(..) if self.due => Class::Pending,
            Sought::Found(..) => Class::Changed,
            Sought::Nowhere => Class::Unchanged,
        }
    }

    /// Its path, and what is there.
    pub(super) fn found(&self) -> Option<(&str, &Content)> {
        match &self.value {
            Sought::Found(spot, content) => Some((&self.spots[*spot].path, content)),
            Sought::Pending | Sought::Nowhere => None,
        }
    }

    /// All places that it may be at.
    pub(super) fn places(&self) -> impl Iterator<Item = PlaceId> {
        self.spots.iter().flat_map(|spot| spot.places.iter().copied())
    }

    /// What is known of it now.
    pub(super) fn look(&self, places: &Places) -> Sought {
        for (index, spot) in self.spots.iter().enumerate() {
            let mut found = spot.places.iter().rev().map(|place| places.found(*place));
            let known = found.clone().find_map(|found| match found {
                Found::Known(content) => Some(content.clone()),
                Found::Pending | Found::Gone => None,
            });
            match known {
                Some(content) => return Sought::Found(index, content),
                None if found.any(|found| *found == Found::Pending) => return Sought::Pending,
                None => {}
            }
        }
        Sought::Nowhere
    }
}
