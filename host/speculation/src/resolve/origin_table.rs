//! The origins of the inputs of a session. Each is in the table once, so that it is looked up once.

use std::collections::HashMap;

use super::ids::{ActionId, ElementId, Fact, OriginId};
use crate::record::Content;

/// An origin of inputs, with the numbers of the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SessionOrigin {
    Source(ElementId, String),
    Artifact(ElementId, String),
    Output(ActionId, String),
    /// An output of an action that is not in this session, or that comes after those that read it.
    Nowhere,
}

/// An input that depends on origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum InputRef {
    /// A recorded input, by its number in the session.
    Recorded(usize),
    /// A predicted additional input, by its number in the session.
    Added(usize),
}

/// The contents of an origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum OriginContent {
    #[default]
    Pending,
    Known(Content),
    Gone,
}

/// All origins, with their contents and the inputs that depend on them.
#[derive(Debug, Default)]
pub(super) struct OriginTable {
    ids: HashMap<SessionOrigin, OriginId>,
    origins: Vec<SessionOrigin>,
    contents: Vec<OriginContent>,
    dependents: Vec<Vec<InputRef>>,
    by_fact: HashMap<Fact, Vec<OriginId>>,
}

impl OriginTable {
    /// The number of an origin, added if it is not in the table, on which `dependent` depends from now on.
    pub(super) fn add(&mut self, origin: SessionOrigin, dependent: InputRef) -> OriginId {
        let next = OriginId(self.origins.len() as u32);
        let id = *self.ids.entry(origin).or_insert_with_key(|origin| {
            if let Some(fact) = origin.fact() {
                self.by_fact.entry(fact).or_default().push(next);
            }
            self.contents.push(match origin {
                SessionOrigin::Nowhere => OriginContent::Gone,
                _ => OriginContent::Pending,
            });
            self.origins.push(origin.clone());
            self.dependents.push(Vec::new());
            next
        });
        self.dependents[id.0 as usize].push(dependent);
        id
    }

    /// The origins that become known with a fact.
    pub(super) fn of_fact(&self, fact: Fact) -> &[OriginId] {
        self.by_fact.get(&fact).map_or(&[], Vec::as_slice)
    }

    /// The fact that an origin becomes known with.
    pub(super) fn fact(&self, id: OriginId) -> Option<Fact> {
        self.origins[id.0 as usize].fact()
    }

    /// The path of an origin in its tree, or among the outputs.
    pub(super) fn path(&self, id: OriginId) -> &str {
        self.origins[id.0 as usize].path()
    }

    pub(super) fn content(&self, id: OriginId) -> &OriginContent {
        &self.contents[id.0 as usize]
    }

    /// Sets the contents of an origin, and returns the inputs that depend on it if they changed.
    pub(super) fn set(&mut self, id: OriginId, content: OriginContent) -> &[InputRef] {
        let known = &mut self.contents[id.0 as usize];
        if *known == content || self.origins[id.0 as usize] == SessionOrigin::Nowhere {
            return &[];
        }
        *known = content;
        &self.dependents[id.0 as usize]
    }

    /// The inputs that depend on an origin.
    pub(super) fn dependents(&self, id: OriginId) -> &[InputRef] {
        &self.dependents[id.0 as usize]
    }
}

impl SessionOrigin {
    /// Its path in its tree, or among the outputs.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Source(_, path) | Self::Artifact(_, path) | Self::Output(_, path) => path,
            Self::Nowhere => "",
        }
    }

    /// The fact that it becomes known with.
    pub(super) fn fact(&self) -> Option<Fact> {
        match self {
            Self::Source(element, _) => Some(Fact::Sources(*element)),
            Self::Artifact(element, _) => Some(Fact::Artifact(*element)),
            Self::Output(action, _) => Some(Fact::Outputs(*action)),
            Self::Nowhere => None,
        }
    }
}
