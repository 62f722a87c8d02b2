//! The Python Package Index: which releases a package has, and which of them is taken.

use std::str::FromStr;

use pep440_rs::Version;
use spec_model::{Mapping, Node, NodeError};

use crate::download::WebQuestion;
use crate::error::SourceError;
use crate::fnmatch::fnmatch;
use crate::index_error::IndexError;
use crate::simple_index::{EXPECTED, IndexedFile, JSON, LARGEST, of_json};

/// The list of packages. BuildStream's plugin asks no other, whatever the `url` is.
const PACKAGES: &str = "https://pypi.org/simple/";
/// What refs leave out of URLs.
pub(crate) const FILES: &str = "https://files.pythonhosted.org/packages/";

/// Which releases may be taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleaseFilter {
    prereleases: bool,
    /// All of these patterns must match the version.
    include: Vec<String>,
    /// None of these may.
    exclude: Vec<String>,
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
        let body = ask.get(&url, JSON, LARGEST).map_err(|error| match error {
            SourceError::Refused { status: 404, .. } => index(no_package(package)),
            error => error,
        })?;
        self.newest_of(package, &body).map_err(index)
    }

    fn newest_of(&self, package: &str, body: &[u8]) -> Result<Option<Mapping>, IndexError> {
        let files = of_json(body)?;
        if files.is_empty() {
            return Err(no_package(package));
        }
        let mut newest: Option<(Version, &IndexedFile)> = None;
        for file in files.iter().filter(|file| !file.is_yanked) {
            let Some(version) = version_of(&file.name).filter(|version| self.takes(version)) else {
                continue;
            };
            // Of several files of a version the last one is taken.
            if newest.as_ref().is_none_or(|(best, _)| version >= *best) {
                newest = Some((version, file));
            }
        }
        newest.map(|(_, file)| reference(file)).transpose()
    }
}

fn reference(file: &IndexedFile) -> Result<Mapping, IndexError> {
    let sha256 = file.sha256.as_deref();
    let sha256 = sha256.ok_or_else(|| {
        IndexError::answer(EXPECTED, format!("'{}' has no SHA-256", file.name.escape_debug()))
    })?;
    let mut reference = Mapping::new();
    reference.set("sha256sum", Node::text(sha256));
    reference.set("suffix", Node::text(file.url.replace(FILES, "")));
    Ok(reference)
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
