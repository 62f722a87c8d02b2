//! What the actions of one build wrote, by where it is in the sandbox.

use std::collections::HashMap;

use spec_model::Digest;

use crate::paths::PathId;
use crate::record::Content;

/// An output of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The action.
    pub(crate) base: Digest,
    /// As in its result.
    pub(crate) path: PathId,
}

/// Outputs of the actions so far.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    /// The last that was written to a place, with its contents.
    by_place: HashMap<String, (Content, Written)>,
    /// Who wrote these bytes; `None` when several did.
    by_digest: HashMap<Digest, Option<Written>>,
}

impl Outputs {
    pub(crate) fn add(&mut self, places: &[String], content: &Content, written: &Written) {
        for place in places {
            self.by_place.insert(place.clone(), (content.clone(), written.clone()));
        }
        if let Content::File { digest, .. } = content {
            let known = self.by_digest.entry(*digest).or_insert_with(|| Some(written.clone()));
            if known.as_ref() != Some(written) {
                *known = None;
            }
        }
    }

    /// Who wrote these contents to this place.
    pub(crate) fn at(&self, place: &str, content: &Content) -> Option<&Written> {
        self.by_place.get(place).filter(|(there, _)| there == content).map(|(_, written)| written)
    }

    /// Who alone wrote these bytes, wherever they were moved since. Empty files are everybody's.
    pub(crate) fn moved(&self, content: &Content) -> Option<&Written> {
        match content {
            Content::File { digest, .. } if digest.size() > 0 => self.by_digest.get(digest)?.as_ref(),
            _ => None,
        }
    }
}
