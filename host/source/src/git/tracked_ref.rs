//! Which branch or tag is tracked, and the ref that is written for it.

use git2::Oid;
use spec_model::{Mapping, NodeError};

use super::advertised_ref::AdvertisedRef;
use super::objects::oid;
use crate::fnmatch::fnmatch;
use crate::git_error::GitError;

/// How a tracked commit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefFormat {
    /// As 40 digits.
    Sha1,
    /// With the last tag before it and the number of commits since.
    GitDescribe,
}

impl RefFormat {
    pub(crate) fn configure(config: &Mapping) -> Result<Self, NodeError> {
        match config.get("ref-format") {
            None => Ok(Self::Sha1),
            Some(node) => match node.as_str()? {
                "sha1" => Ok(Self::Sha1),
                "git-describe" => Ok(Self::GitDescribe),
                _ => Err(node.expected("'sha1' or 'git-describe'")),
            },
        }
    }
}

/// Patterns of branches and tags, as Python's `fnmatch` reads them: `*` also matches slashes.
#[derive(Clone, Debug)]
pub(crate) struct RefPatterns {
    track: String,
    exclude: Vec<String>,
}

/// The most similar names that an error lists.
const NEAR: usize = 3;

impl RefPatterns {
    pub(crate) fn new(track: &str, exclude: Vec<String>) -> Self {
        Self { track: track.to_owned(), exclude }
    }

    /// The one with the highest version of those that match.
    pub(crate) fn newest<'r>(&self, refs: &'r [AdvertisedRef]) -> Result<&'r AdvertisedRef, GitError> {
        let excluded = |name: &str| self.exclude.iter().any(|pattern| matches(pattern, name));
        let matching =
            refs.iter().filter(|found| matches(&self.track, &found.name) && !excluded(&found.name));
        matching.max_by_key(|found| version_parts(&found.name)).ok_or_else(|| no_match(&self.track, refs))
    }
}

/// The commit of a branch or tag of exactly this name, or of 40 digits. As in git, tags come before branches.
pub(crate) fn named(name: &str, refs: &[AdvertisedRef]) -> Option<Oid> {
    let full = [name.to_owned(), format!("refs/tags/{name}"), format!("refs/heads/{name}")];
    let found = full.iter().find_map(|full| refs.iter().find(|found| found.name == *full));
    found.map(AdvertisedRef::commit).or_else(|| oid(name).ok())
}

/// The error that nothing matches, with the names that are most similar.
pub(crate) fn no_match(pattern: &str, refs: &[AdvertisedRef]) -> GitError {
    let short = |found: &'_ AdvertisedRef| short_name(&found.name).to_owned();
    let mut names: Vec<String> = refs.iter().map(short).collect();
    names.sort_by_key(|name| (distance(name, pattern), name.clone()));
    names.truncate(NEAR);
    let near = match names.is_empty() {
        true => "; the repository has none".to_owned(),
        false => format!("; it has {}", names.join(", ")),
    };
    GitError::NoMatch { pattern: pattern.to_owned(), near }
}

/// How much a name differs from what was looked for: whether one has the other in it, then the difference of lengths.
fn distance(name: &str, pattern: &str) -> (bool, usize) {
    let common = name.bytes().zip(pattern.bytes()).take_while(|(a, b)| a == b).count();
    (!name.contains(pattern) && !pattern.contains(name), name.len() + pattern.len() - 2 * common)
}

/// The name without `refs/heads/` or `refs/tags/`.
pub(crate) fn short_name(name: &str) -> &str {
    name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.starts_with("refs/") {
        true => fnmatch(pattern.as_bytes(), name.as_bytes()),
        false => fnmatch(pattern.as_bytes(), short_name(name).as_bytes()),
    }
}

/// Whether the name of a tag matches a pattern.
pub(crate) fn tag_matches(pattern: &str, tag: &str) -> bool {
    fnmatch(pattern.as_bytes(), tag.as_bytes())
}

/// A part of a name: letters come before digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum VersionPart {
    Letters(String),
    /// The digits without leading zeros, by their number first.
    Number(usize, String),
}

/// The letters and numbers of a name, in order.
fn version_parts(name: &str) -> Vec<VersionPart> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let same: fn(char) -> bool = match first {
            c if c.is_ascii_alphabetic() => |c| c.is_ascii_alphabetic(),
            c if c.is_ascii_digit() => |c| c.is_ascii_digit(),
            _ => {
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(match first.is_ascii_digit() {
            true => {
                let digits = part.trim_start_matches('0');
                VersionPart::Number(digits.len(), digits.to_owned())
            }
            false => VersionPart::Letters(part.to_owned()),
        });
        rest = after;
    }
    parts
}

/// The ref of a commit that a tag names.
pub(crate) fn described_tag(found: &AdvertisedRef) -> Option<String> {
    let tag = found.name.strip_prefix("refs/tags/")?;
    Some(described(tag, 0, found.commit()))
}

/// The ref of a commit, so many commits after a tag.
pub(crate) fn described(tag: &str, commits: u32, commit: Oid) -> String {
    format!("{tag}-{commits}-g{commit}")
}

#[cfg(test)]
mod tests;
