//! Looking things up in trees, for what the state machine wants to know.

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::record::Content;
use crate::resolve::PlaceId;

/// What is at places in the tree of an element's sources or artifact.
///
/// # Errors
/// When the store fails, or has not all directories on the way.
pub fn look_up(
    cas: &Cas,
    tree: &Digest,
    wanted: &[(PlaceId, &str)],
) -> Result<Vec<(PlaceId, Option<Content>)>> {
    wanted.iter().map(|(place, path)| Ok((*place, content_at(cas, tree, path)?))).collect()
}

/// The file or link at a path of a tree.
///
/// # Errors
/// As [`look_up`].
pub fn content_at(cas: &Cas, tree: &Digest, path: &str) -> Result<Option<Content>> {
    Ok(cas.lookup(tree, path)?.and_then(Content::of))
}
