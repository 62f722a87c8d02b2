//! The tags that the kind `git` keeps beside a ref.

use git2::Oid;
use spec_model::{Mapping, Node, NodeError};

use super::advertised_ref::AdvertisedRef;
use super::describe::{TagFilter, describe_nearest};
use super::dot_git::TagToStage;
use super::objects::ObjectReader;
use crate::git_error::GitError;

/// A tag that is to be known in the staged repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StagedTag {
    pub(super) tag: String,
    pub(super) commit: String,
    pub(super) annotated: bool,
}

impl StagedTag {
    /// The tags of a source's key `tags`.
    pub(super) fn configure(config: &Mapping) -> Result<Vec<Self>, NodeError> {
        config.sequence_or_empty("tags")?.iter().map(Self::of_node).collect()
    }

    fn of_node(node: &Node) -> Result<Self, NodeError> {
        let tag = node.as_mapping()?;
        tag.validate_keys(&["tag", "commit", "annotated"])?;
        Ok(Self {
            tag: tag.str("tag")?.to_owned(),
            commit: tag.str("commit")?.to_owned(),
            annotated: tag.require("annotated")?.as_bool()?,
        })
    }

    /// The tag as the key `tags` has it.
    pub(super) fn to_node(&self) -> Node {
        let mut tag = Mapping::new();
        tag.set("tag", Node::text(self.tag.as_str()));
        tag.set("commit", Node::text(self.commit.as_str()));
        tag.set("annotated", Node::text(if self.annotated { "True" } else { "False" }));
        tag.into()
    }

    pub(super) fn to_stage(&self) -> TagToStage<'_> {
        TagToStage { tag: &self.tag, commit: &self.commit, annotated: self.annotated }
    }
}

/// The tags that describe a commit, as BuildStream's plugin asks git for them: the nearest annotated one, and the nearest of any sort,
/// on all lines of history and on the first one.
pub(super) fn reachable_tags(
    reader: &ObjectReader<'_>,
    commit: Oid,
    refs: &[AdvertisedRef],
) -> Result<Vec<StagedTag>, GitError> {
    let mut tags = Vec::new();
    for (annotated_only, first_parents) in [(true, false), (true, true), (false, false), (false, true)] {
        let filter = TagFilter { annotated_only, first_parents, ..TagFilter::default() };
        let Some(nearest) = describe_nearest(reader, commit, refs, &filter)? else { continue };
        let full = format!("refs/tags/{}", nearest.tag);
        let found = StagedTag {
            annotated: refs.iter().any(|tag| tag.name == full && tag.peeled.is_some()),
            commit: nearest.commit.to_string(),
            tag: nearest.tag,
        };
        if !tags.contains(&found) {
            tags.push(found);
        }
    }
    Ok(tags)
}
