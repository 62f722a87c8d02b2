//! Describes a commit by the last tag before it.

use std::collections::{BinaryHeap, HashMap, HashSet};

use git2::Oid;

use super::advertised_ref::AdvertisedRef;
use super::objects::ObjectReader;
use super::tracked_ref::{described, short_name, tag_matches};
use crate::git_error::GitError;

/// The tags that may describe a commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagFilter {
    /// One of these patterns must match; any tag will do when there are none.
    pub(crate) include: Vec<String>,
    /// None of these patterns may match.
    pub(crate) exclude: Vec<String>,
    /// Whether tags without a message count for nothing.
    pub(crate) annotated_only: bool,
    /// Whether the first parents of merges are followed alone.
    pub(crate) first_parents: bool,
}

impl TagFilter {
    fn takes(&self, tag: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| tag_matches(pattern, tag));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// A tag before a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NearestTag {
    /// Its name.
    pub(crate) tag: String,
    /// What it names.
    pub(crate) commit: Oid,
    /// The commits that the described one has and the tag does not.
    pub(crate) commits: u32,
}

impl NearestTag {
    /// The ref of the commit that it describes.
    pub(crate) fn reference(&self, commit: Oid) -> String {
        described(&self.tag, self.commits, commit)
    }
}

/// The number of tags that are compared, as in git.
const CANDIDATES: usize = 10;

/// The tag before a commit with the fewest commits between, as `git describe --tags` finds it.
pub(crate) fn describe_nearest(
    reader: &ObjectReader<'_>,
    commit: Oid,
    refs: &[AdvertisedRef],
    filter: &TagFilter,
) -> Result<Option<NearestTag>, GitError> {
    let mut tags: HashMap<Oid, (bool, &str)> = HashMap::new();
    for found in refs.iter().filter(|found| found.name.starts_with("refs/tags/")) {
        let (tag, annotated) = (short_name(&found.name), found.peeled.is_some());
        let entry = tags.entry(found.commit());
        // Of several tags of one commit an annotated one is taken.
        if filter.takes(tag) && (annotated || !filter.annotated_only) {
            entry
                .and_modify(|old| {
                    if annotated && !old.0 {
                        *old = (true, tag)
                    }
                })
                .or_insert((annotated, tag));
        }
    }
    let walk = |from: Oid| history(reader, from, filter.first_parents);
    let all = walk(commit)?;
    let candidates = all.iter().filter_map(|id| tags.get(id).map(|(_, tag)| (*id, *tag))).take(CANDIDATES);
    let mut nearest: Option<NearestTag> = None;
    for (id, tag) in candidates {
        let behind = walk(id)?.len();
        let commits = u32::try_from(all.len() - behind.min(all.len())).unwrap_or(u32::MAX);
        if nearest.as_ref().is_none_or(|best| commits < best.commits) {
            nearest = Some(NearestTag { tag: tag.to_owned(), commit: id, commits });
        }
    }
    Ok(nearest)
}

/// A commit and all that came before it and was fetched, the newest first.
pub(super) fn newest_first(reader: &ObjectReader<'_>, commit: Oid) -> Result<Vec<Oid>, GitError> {
    history(reader, commit, false)
}

fn history(reader: &ObjectReader<'_>, commit: Oid, first_parents: bool) -> Result<Vec<Oid>, GitError> {
    let followed = if first_parents { 1 } else { usize::MAX };
    let mut seen = HashSet::from([commit]);
    let mut waiting = BinaryHeap::from([(reader.commit(commit)?.committed, commit)]);
    let mut all = Vec::new();
    while let Some((_, at)) = waiting.pop() {
        all.push(at);
        for parent in reader.commit(at)?.parents.into_iter().take(followed) {
            if seen.insert(parent) && reader.has(parent) {
                waiting.push((reader.commit(parent)?.committed, parent));
            }
        }
    }
    Ok(all)
}

/// `TAG-COMMITS-gCOMMIT` with the first tag found when commits are walked from the newest, and the number of commits walked; the
/// commit alone if there is none. History that was not fetched ends the walk.
pub(crate) fn describe(
    reader: &ObjectReader<'_>,
    commit: Oid,
    refs: &[AdvertisedRef],
) -> Result<String, GitError> {
    let tags: HashMap<Oid, &str> = refs
        .iter()
        .filter(|found| found.name.starts_with("refs/tags/"))
        .map(|found| (found.commit(), short_name(&found.name)))
        .collect();
    for (count, at) in newest_first(reader, commit)?.iter().enumerate() {
        if let Some(tag) = tags.get(at) {
            return Ok(described(tag, u32::try_from(count).unwrap_or(u32::MAX), commit));
        }
    }
    Ok(commit.to_string())
}
