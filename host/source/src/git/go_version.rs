//! Versions of modules of Go.

/// What a version names in the repository of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoVersion<'v> {
    /// A commit, by the beginning of its name.
    Commit(&'v str),
    /// A tag, without what is added to the version behind a `+`.
    Tag { tag: &'v str, major: u64 },
}

impl<'v> GoVersion<'v> {
    /// What a version of `go.sum` names; `None` for a text that is no version.
    pub(crate) fn of(version: &'v str) -> Option<Self> {
        match commit_of(version) {
            Some(commit) => Some(Self::Commit(commit)),
            None => Self::tag_of(version),
        }
    }

    /// The version as a tag, whether it names a commit or not.
    pub(crate) fn tag_of(version: &'v str) -> Option<Self> {
        let parsed = semver::Version::parse(version.strip_prefix('v')?).ok()?;
        let tag = version.split_once('+').map_or(version, |(tag, _)| tag);
        Some(Self::Tag { tag, major: parsed.major })
    }
}

/// The beginning of the name of a commit at the end of a version that Go makes for commits without tags, such as
/// `v0.0.0-20191109021931-daa7c04131f5`.
fn commit_of(version: &str) -> Option<&str> {
    let (core, rest) = version.strip_prefix('v')?.split_once('-')?;
    let mut numbers = core.split('.');
    let is_core = numbers.clone().count() == 3 && numbers.all(is_number);
    let rest = match rest.split_once('.') {
        Some((word, after)) if !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase()) => after,
        _ => rest,
    };
    let (time, commit) = rest.strip_prefix("0.").unwrap_or(rest).split_once('-')?;
    let is_commit = !commit.is_empty() && commit.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9'));
    (is_core && is_number(time) && is_commit).then_some(commit)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
