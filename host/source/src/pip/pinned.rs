//! The packages of a ref: a name and a version of each, and which file of an index is theirs.

use std::cmp::Reverse;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};

use crate::simple_index::IndexedFile;

/// The names of archives of sources end so, for the program pip.
const ARCHIVES: [&str; 11] = [
    ".zip",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
    ".tar.gz",
    ".tgz",
    ".tar",
];

/// A package with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PinnedPackage {
    /// As the ref has it.
    pub(super) written: String,
    /// The name as indexes have it.
    pub(super) name: String,
    version: WantedVersion,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum WantedVersion {
    /// The versions of PEP 440 that are equal to it.
    Like(VersionSpecifier),
    /// One that is older than the PEP.
    Exactly(String),
}

impl PinnedPackage {
    /// The package of a line, `NAME==VERSION`. It may have extras, which only add other packages.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (name, version) = line.split_once("==")?;
        let (name, version) = (name.trim(), version.trim());
        let plain = match name.split_once('[') {
            Some((plain, extras)) => {
                let extras = extras.strip_suffix(']')?;
                extras.split(',').all(|extra| is_name(extra.trim())).then_some(plain.trim())?
            }
            None => name,
        };
        let is_version = |c: u8| c.is_ascii_alphanumeric() || b"._-+!".contains(&c);
        if !is_name(plain) || version.is_empty() || !version.bytes().all(is_version) {
            return None;
        }
        let version = match VersionSpecifier::from_str(&format!("=={version}")) {
            Ok(like) => WantedVersion::Like(like),
            Err(_) => WantedVersion::Exactly(version.to_owned()),
        };
        Some(Self { written: line.trim().to_owned(), name: canonical(plain), version })
    }

    /// The archive of sources that pip takes of those that an index lists: none that is yanked where there is another, one with a
    /// local version before one without, and the last one in the list.
    pub(super) fn choose<'f>(&self, files: &'f [IndexedFile]) -> Option<&'f IndexedFile> {
        let fitting = files.iter().filter_map(|file| Some((self.version_of(&file.name)?, file)));
        let best = fitting.max_by(|(a, of_a), (b, of_b)| {
            Reverse(of_a.is_yanked).cmp(&Reverse(of_b.is_yanked)).then_with(|| a.cmp(b))
        });
        best.map(|(_, file)| file)
    }

    /// The version of an archive of the package, if it is the wanted one; `None` for one that is older than the PEP.
    #[expect(clippy::option_option, reason = "the outer one is whether it fits")]
    fn version_of(&self, file: &str) -> Option<Option<Version>> {
        let stem = ARCHIVES.iter().filter_map(|end| file.strip_suffix(end)).min_by_key(|stem| stem.len())?;
        if file.contains(['/', '\0']) {
            return None;
        }
        let mut dashes = stem.match_indices('-').map(|(at, _)| at);
        let dash = dashes.find(|at| canonical(&stem[..*at]) == self.name)?;
        let found = &stem[dash + 1..];
        match &self.version {
            WantedVersion::Like(like) => {
                Version::from_str(found).ok().filter(|found| like.contains(found)).map(Some)
            }
            WantedVersion::Exactly(wanted) => (found == wanted).then_some(None),
        }
    }
}

/// The name of a package as indexes have it (PEP 503).
pub(super) fn canonical(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn is_name(text: &str) -> bool {
    let is_end = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    is_end(text.bytes().next())
        && is_end(text.bytes().last())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
}

/// The packages that the `PKG-INFO` of a package says it needs everywhere, not only on some machines or with some extra.
pub(super) fn needed_everywhere(info: &str) -> Vec<&str> {
    let headers = info.lines().take_while(|line| !line.is_empty());
    let needed = headers.filter_map(|line| line.strip_prefix("Requires-Dist:"));
    let needed = needed.filter(|requirement| !requirement.contains(';')).map(str::trim);
    let name = |requirement: &'_ str| {
        let end = requirement.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
        end.unwrap_or(requirement.len())
    };
    needed.map(|requirement| &requirement[..name(requirement)]).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests;
