//! The Python Package Index: which releases a package has, and which of them is taken.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::Version;
use serde::Deserialize;
use spec_model::{Mapping, Node, NodeError};

use crate::download::WebQuestion;
use crate::error::SourceError;
use crate::fnmatch::fnmatch;
use crate::index_error::IndexError;
use crate::text_ref::is_sha256;

/// The list of packages. BuildStream's plugin asks no other, whatever the `url` is.
const PACKAGES: &str = "https://pypi.org/simple/";
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json";
/// What refs leave out of URLs.
pub(crate) const FILES: &str = "https://files.pythonhosted.org/packages/";
/// Bytes of the largest list of releases. The longest ones have some megabytes.
const LARGEST: usize = 128 << 20;
const EXPECTED: &str = "the list of the files of a package in JSON";

/// Which releases may be taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleaseFilter {
    prereleases: bool,
    /// All of these patterns must match the version.
    include: Vec<String>,
    /// None of these may.
    exclude: Vec<String>,
}

/// The list of files of a package.
#[derive(Deserialize)]
struct PackageFiles {
    files: Vec<PackageFile>,
}

/// A file of a release.
#[derive(Deserialize)]
struct PackageFile {
    filename: String,
    url: String,
    hashes: BTreeMap<String, String>,
    /// The reason why it should not be used, or whether.
    #[serde(default)]
    yanked: serde_json::Value,
}

impl ReleaseFilter {
    pub(crate) fn configure(config: &Mapping) -> Result<Self, NodeError> {
        Ok(Self {
            prereleases: config.bool_or("prereleases", false)?,
            include: config.str_list_or_empty("include")?,
            exclude: config.str_list_or_empty("exclude")?,
        })
    }

    fn takes(&self, version: &Version) -> bool {
        let text = version.to_string();
        let matches = |pattern: &String| fnmatch(pattern.as_bytes(), text.as_bytes());
        (self.prereleases || !version.any_prerelease())
            && self.include.iter().all(matches)
            && !self.exclude.iter().any(matches)
    }

    /// The ref of the newest release of a package; `None` when none of its releases may be taken.
    ///
    /// # Errors
    /// `index-answer`, `index-no-entry`, and those of asking.
    pub(crate) fn newest(
        &self,
        package: &str,
        ask: &WebQuestion<'_>,
    ) -> Result<Option<Mapping>, SourceError> {
        let url = format!("{PACKAGES}{package}");
        let index = |error| SourceError::Index { name: ask.name.clone(), url: url.clone(), error };
        let body = ask.get(&url, ACCEPT, LARGEST).map_err(|error| match error {
            SourceError::Refused { status: 404, .. } => index(no_package(package)),
            error => error,
        })?;
        self.newest_of(package, &body).map_err(index)
    }

    fn newest_of(&self, package: &str, body: &[u8]) -> Result<Option<Mapping>, IndexError> {
        let PackageFiles { files } =
            serde_json::from_slice(body).map_err(|error| IndexError::answer(EXPECTED, error))?;
        if files.is_empty() {
            return Err(no_package(package));
        }
        let mut newest: Option<(Version, &PackageFile)> = None;
        for file in files.iter().filter(|file| !file.is_yanked()) {
            let Some(version) = version_of(&file.filename).filter(|version| self.takes(version)) else {
                continue;
            };
            // Of several files of a version the last one is taken.
            if newest.as_ref().is_none_or(|(best, _)| version >= *best) {
                newest = Some((version, file));
            }
        }
        newest.map(|(_, file)| file.reference()).transpose()
    }
}

impl PackageFile {
    fn is_yanked(&self) -> bool {
        match &self.yanked {
            serde_json::Value::Bool(yanked) => *yanked,
            serde_json::Value::String(reason) => !reason.is_empty(),
            _ => false,
        }
    }

    fn reference(&self) -> Result<Mapping, IndexError> {
        let sha256 = self.hashes.get("sha256").filter(|sha| is_sha256(sha));
        let sha256 = sha256.ok_or_else(|| {
            IndexError::answer(EXPECTED, format!("'{}' has no SHA-256", self.filename.escape_debug()))
        })?;
        let mut reference = Mapping::new();
        reference.set("sha256sum", Node::text(sha256.as_str()));
        reference.set("suffix", Node::text(self.url.replace(FILES, "")));
        Ok(reference)
    }
}

fn no_package(package: &str) -> IndexError {
    IndexError::NoEntry { what: format!("package '{package}'"), key: "name" }
}

/// The version in the name of an archive of sources; `None` for other files.
fn version_of(filename: &str) -> Option<Version> {
    let stem = filename.strip_suffix(".tar.gz").or_else(|| filename.strip_suffix(".zip"))?;
    let (name, version) = stem.rsplit_once('-')?;
    if name.is_empty() { None } else { Version::from_str(version).ok() }
}

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::ReleaseFilter;

    /// The SHA-256 of the newest release whose version matches a pattern; the error is its reason.
    ///
    /// # Errors
    /// When it is no list of releases.
    pub fn newest(pattern: &str, answer: &[u8]) -> Result<Option<String>, &'static str> {
        let filter = ReleaseFilter { include: vec![pattern.to_owned()], ..ReleaseFilter::default() };
        let found = filter.newest_of("package", answer).map_err(|error| error.reason())?;
        Ok(found.map(|found| found.str("sha256sum").expect("a ref has one").to_owned()))
    }
}

#[cfg(test)]
mod tests;
