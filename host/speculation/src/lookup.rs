//! Looks up files in trees.

use spec_cas::Cas;
use spec_model::Digest;

use crate::error::Result;
use crate::record::Content;
use crate::resolve::OriginId;

/// The contents of origins in the tree of an element's sources or artifact.
///
/// # Errors
/// When the store fails, or a directory of the tree is missing.
pub fn look_up(
    cas: &Cas,
    tree: &Digest,
    wanted: &[(OriginId, &str)],
) -> Result<Vec<(OriginId, Option<Content>)>> {
    wanted.iter().map(|(origin, path)| Ok((*origin, content_at(cas, tree, path)?))).collect()
}

/// The file or symbolic link at a path of a tree.
///
/// # Errors
/// As [`look_up`].
pub fn content_at(cas: &Cas, tree: &Digest, path: &str) -> Result<Option<Content>> {
    Ok(cas.lookup(tree, path)?.and_then(Content::of))
}
