//! Refs of git sources: a commit, with or without the tag that describes it.

/// A ref as `git describe --long --abbrev=40` writes it (`TAG-DEPTH-gCOMMIT`), or a commit alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitRef {
    /// The tag, and the number of commits since it.
    pub(crate) tag: Option<(String, u32)>,
    /// The commit, 40 digits.
    pub(crate) commit: String,
}

/// How much of what came before a commit is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WantedHistory {
    /// Nothing.
    None,
    /// The commits since a tag, so many, and the tag.
    SinceTag { tag: String, commits: u32 },
    /// All of it, and all tags.
    All,
}

/// Digits of a commit.
const DIGITS: usize = 40;

impl GitRef {
    /// The ref that a text begins with, as the plugins of BuildStream read it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let described = text.rmatch_indices("-g").find_map(|(at, dash)| {
            let (tag, depth) = text[..at].rsplit_once('-')?;
            let depth = depth.parse().ok().filter(|_| depth.bytes().all(|c| c.is_ascii_digit()))?;
            let commit = leading_commit(&text[at + dash.len()..])?;
            Some(Self { tag: Some((tag.to_owned(), depth)), commit: commit.to_owned() })
        });
        described.or_else(|| Some(Self { tag: None, commit: leading_commit(text)?.to_owned() }))
    }
}

impl GitRef {
    /// The history that the ref is about.
    pub(crate) fn history(&self) -> WantedHistory {
        match &self.tag {
            Some((tag, commits)) => WantedHistory::SinceTag { tag: tag.clone(), commits: *commits },
            None => WantedHistory::None,
        }
    }
}

fn leading_commit(text: &str) -> Option<&str> {
    let commit = text.get(..DIGITS)?;
    commit.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')).then_some(commit)
}

#[cfg(test)]
mod tests;
