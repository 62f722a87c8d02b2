//! Pages of Python's package indexes: the files of a package, as HTML (PEP 503) or JSON (PEP 691).

use std::collections::BTreeMap;

use html5gum::{StartTag, Token, Tokenizer};
use serde::Deserialize;

use crate::index_error::IndexError;
use crate::text_ref::is_sha256;
use crate::url::percent_decoded;

/// The media type of pages in JSON.
pub(crate) const JSON: &str = "application/vnd.pypi.simple.v1+json";
/// Bytes of the largest page. The longest ones have some megabytes.
pub(crate) const LARGEST: usize = 128 << 20;
pub(crate) const EXPECTED: &str = "the list of the files of a package";

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexedFile {
    /// The name of the file.
    pub(crate) name: String,
    /// Where it is, as the page has it.
    pub(crate) url: String,
    /// `None` when the index does not say it.
    pub(crate) sha256: Option<String>,
    /// Whether it should not be used any more.
    pub(crate) is_yanked: bool,
}

#[derive(Deserialize)]
struct JsonPage {
    files: Vec<JsonFile>,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    hashes: BTreeMap<String, String>,
    /// The reason why it should not be used, or whether.
    #[serde(default)]
    yanked: serde_json::Value,
}

/// The files that a page in JSON lists.
pub(crate) fn of_json(page: &[u8]) -> Result<Vec<IndexedFile>, IndexError> {
    let JsonPage { files } =
        serde_json::from_slice(page).map_err(|error| IndexError::answer(EXPECTED, error))?;
    Ok(files.into_iter().map(JsonFile::indexed).collect())
}

impl JsonFile {
    fn indexed(mut self) -> IndexedFile {
        let is_yanked = match &self.yanked {
            serde_json::Value::Bool(yanked) => *yanked,
            serde_json::Value::String(reason) => !reason.is_empty(),
            _ => false,
        };
        let sha256 = self.hashes.remove("sha256").filter(|sha| is_sha256(sha));
        IndexedFile { name: self.filename, url: self.url, sha256, is_yanked }
    }
}

/// The files that a page in HTML at a URL links to, by their whole URLs. Links that lead nowhere are left out.
pub(crate) fn of_html(page: &[u8], at: &str) -> Vec<IndexedFile> {
    let Ok(mut base) = reqwest::Url::parse(at) else { return Vec::new() };
    let (mut files, mut has_base) = (Vec::new(), false);
    for Ok(token) in Tokenizer::new(page) {
        let Token::StartTag(tag) = token else { continue };
        match (tag.name.as_slice(), attribute(&tag, b"href")) {
            (b"base", Some(href)) if !has_base => {
                base = base.join(&href).unwrap_or(base);
                has_base = true;
            }
            (b"a", Some(href)) => {
                let is_yanked = attribute(&tag, b"data-yanked").is_some();
                files.extend(base.join(href.trim()).ok().map(|url| linked(url, is_yanked)));
            }
            _ => {}
        }
    }
    files
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let found = tag.attributes.iter().find(|(found, _)| found.as_slice() == name);
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

fn linked(mut url: reqwest::Url, is_yanked: bool) -> IndexedFile {
    let fragment = url.fragment().unwrap_or_default().to_owned();
    let sha256 = fragment.split('&').find_map(|part| part.strip_prefix("sha256="));
    let sha256 = sha256.filter(|sha| is_sha256(sha)).map(str::to_owned);
    url.set_fragment(None);
    let name = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = String::from_utf8_lossy(&percent_decoded(name.as_bytes())).into_owned();
    IndexedFile { name, url: url.into(), sha256, is_yanked }
}

#[cfg(test)]
mod tests;
