//! One input of one element's actions.

use spec_strategy::{InputStanding, OriginFacts, OriginKind, Standing};

use super::ids::{ActionId, ElementId, PlaceId};
use super::places::{Found, Places};
use crate::paths::PathId;
use crate::record::Content;

/// An input in a session.
#[derive(Debug)]
pub(super) struct SessionInput {
    pub(super) element: ElementId,
    pub(super) path: PathId,
    /// What it was when it was recorded.
    pub(super) seen: Content,
    pub(super) alternatives: Vec<(OriginFacts, PlaceId)>,
    pub(super) value: Value,
    /// Whether a real request showed the value: then it is not a prediction any more.
    pub(super) certain: bool,
    /// Whether its contents still have to be scanned for what comes and goes with them.
    pub(super) due: bool,
    pub(super) users: Vec<ActionId>,
}

/// What an input is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Known(Content),
    Pending,
    Gone,
}

/// What an input does to the actions that read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Unchanged,
    Changed,
    Pending,
    Gone,
}

impl Class {
    pub(super) const COUNT: usize = 4;
}

impl SessionInput {
    pub(super) fn class(&self) -> Class {
        match &self.value {
            _ if self.due => Class::Pending,
            Value::Known(content) if *content == self.seen => Class::Unchanged,
            Value::Known(_) => Class::Changed,
            Value::Pending => Class::Pending,
            Value::Gone => Class::Gone,
        }
    }

    /// What it is now, if that is known and not what was recorded.
    pub(super) fn changed(&self) -> Option<&Content> {
        match &self.value {
            Value::Known(content) if *content != self.seen => Some(content),
            _ => None,
        }
    }

    /// What the artifact that it was staged from has there, if that is known.
    pub(super) fn staged(&self, places: &Places) -> Option<Content> {
        let artifact = self.alternatives.iter().position(|(facts, _)| facts.kind == OriginKind::Artifact)?;
        self.from(artifact, places)
    }

    /// What it is if it comes from an alternative, if that is known.
    pub(super) fn from(&self, alternative: usize, places: &Places) -> Option<Content> {
        let (facts, place) = self.alternatives[alternative];
        let Found::Known(content) = places.found(place) else { return None };
        match (content, &self.seen) {
            // Another element installed it, which sets its mode: what that made of it once, it makes of it again.
            (Content::File { digest, .. }, Content::File { executable, .. }) if facts.is_installed() => {
                Some(Content::File { digest: *digest, executable: *executable })
            }
            _ => Some(content.clone()),
        }
    }

    /// How its alternatives stand, for the policy.
    pub(super) fn standing(&self, number: usize, places: &Places) -> InputStanding {
        let standing = |alternative: usize, place| match places.found(place) {
            Found::Known(_) if self.from(alternative, places).as_ref() == Some(&self.seen) => {
                Standing::Unchanged
            }
            Found::Known(_) => Standing::Changed,
            Found::Pending => Standing::Pending,
            Found::Gone => Standing::Gone,
        };
        let alternatives = self.alternatives.iter().enumerate();
        let alternatives = alternatives.map(|(index, (facts, place))| (*facts, standing(index, *place)));
        InputStanding { input: number as u32, alternatives: alternatives.collect() }
    }
}
