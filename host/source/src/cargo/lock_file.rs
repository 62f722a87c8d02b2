//! `Cargo.lock`: the crates that a program of Rust is built with.

use serde::Deserialize;

use super::toml_file::{TomlFileError, parse};

/// A crate of the file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct LockedCrate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Where it comes from; `None` for one of the program itself.
    pub(crate) source: Option<String>,
    /// The SHA-256 of its archive.
    pub(crate) checksum: Option<String>,
}

#[derive(Deserialize)]
struct LockFile {
    package: Vec<LockedCrate>,
}

/// Where a crate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LockedOrigin {
    Registry,
    /// A commit of a git repository, with the query of its URL, without names that have no value.
    Git {
        repo: String,
        commit: String,
        query: Vec<(String, String)>,
    },
}

/// The crates of a file that come from elsewhere.
pub(crate) fn read(text: &str) -> Result<Vec<LockedCrate>, TomlFileError> {
    let file: LockFile = parse(text)?;
    Ok(file.package.into_iter().filter(|found| found.source.is_some()).collect())
}

impl LockedOrigin {
    /// The origin that a crate's `source` names; the error is its kind, if that is another one.
    pub(crate) fn of(source: &str) -> Result<Self, String> {
        let (kind, url) = source.split_once('+').unwrap_or((source, ""));
        match kind {
            "registry" => Ok(Self::Registry),
            "git" => {
                let (url, commit) = url.split_once('#').unwrap_or((url, ""));
                let (repo, query) = url.split_once('?').unwrap_or((url, ""));
                let mut pairs: Vec<(String, String)> = Vec::new();
                for (name, value) in reqwest::Url::parse(&format!("query:?{query}"))
                    .iter()
                    .flat_map(reqwest::Url::query_pairs)
                    .filter(|(_, value)| !value.is_empty())
                {
                    match pairs.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, old)) => *old = value.into_owned(),
                        None => pairs.push((name.into_owned(), value.into_owned())),
                    }
                }
                Ok(Self::Git { repo: repo.to_owned(), commit: commit.to_owned(), query: pairs })
            }
            other => Err(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
