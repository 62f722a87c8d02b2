//! References to components: a path, a URL with its SHA-256, or an artifact of a registry by version.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::checked_text::text_in_yaml;
use crate::sha256::Sha256;

/// What names a component. Ordered as its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PluginReference {
    /// A file: relative to the project, or absolute.
    Path(String),
    /// A file of a web server: `https://HOST/PATH#sha256=HEX`.
    Url {
        /// The URL without the fragment.
        url: String,
        /// The digest of the component.
        sha256: Sha256,
    },
    /// An artifact of a registry: `oci://HOST/REPOSITORY:VERSION`, with `@sha256:HEX` for the digest of its manifest.
    Oci(OciReference),
}

/// An artifact of a registry of the OCI distribution specification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OciReference {
    /// The server, with its port if it has one.
    pub registry: String,
    /// The repository, such as `team/policies/mine`.
    pub repository: String,
    /// The tag.
    pub version: String,
    /// The digest of the manifest, if the reference pins it.
    pub manifest: Option<Sha256>,
}

/// A text that is no reference.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is no reference to a component: {why}")]
pub struct ReferenceError {
    text: String,
    why: &'static str,
}

/// The forms of references, for errors.
const FORMS: &str = "expected a path with a slash or with the end .wasm, https://HOST/PATH#sha256=HEX, or \
                     oci://HOST/REPOSITORY:VERSION";

const OCI: &str = "oci://";

impl PluginReference {
    /// Whether this text is a reference, and not a name.
    #[must_use]
    pub fn is_reference(text: &str) -> bool {
        text.contains('/') || text.ends_with(".wasm")
    }

    /// Whether the component is not on this machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !matches!(self, Self::Path(_))
    }
}

impl FromStr for PluginReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |why| ReferenceError { text: text.to_owned(), why };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong("it has spaces or control characters"));
        }
        if let Some(artifact) = text.strip_prefix(OCI) {
            return oci(artifact).map(Self::Oci).map_err(wrong);
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            let pinned = text.split_once("#sha256=");
            let (url, digits) = pinned.ok_or_else(|| wrong("a URL ends with its digest: #sha256=HEX"))?;
            let sha256 = digits
                .parse()
                .map_err(|_| wrong("expected 64 lower-case hexadecimal digits behind #sha256="))?;
            return Ok(Self::Url { url: url.to_owned(), sha256 });
        }
        match Self::is_reference(text) && !text.contains("://") {
            true => Ok(Self::Path(text.to_owned())),
            false => Err(wrong(FORMS)),
        }
    }
}

fn oci(artifact: &str) -> Result<OciReference, &'static str> {
    let (artifact, manifest) = match artifact.split_once('@') {
        Some((artifact, digest)) => {
            let digits = digest.strip_prefix("sha256:").ok_or("a digest begins with sha256:")?;
            let digest =
                digits.parse().map_err(|_| "expected 64 lower-case hexadecimal digits behind sha256:")?;
            (artifact, Some(digest))
        }
        None => (artifact, None),
    };
    let (registry, rest) = artifact.split_once('/').ok_or("expected oci://HOST/REPOSITORY:VERSION")?;
    let (repository, version) =
        rest.rsplit_once(':').ok_or("it names no version: expected :VERSION at its end")?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if registry.is_empty() || !registry.bytes().all(is_host) {
        return Err("its server is not HOST or HOST:PORT");
    }
    // The grammar of the distribution specification.
    let is_part = |part: &str| {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let edges = [part.chars().next(), part.chars().last()];
        edges.iter().all(|edge| edge.is_some_and(|c| c.is_ascii_alphanumeric()))
            && part.bytes().all(is_allowed)
    };
    if repository.len() > 255 || !repository.split('/').all(is_part) {
        return Err("its repository is not made of lower-case letters, digits, '.', '_', '-' and '/'");
    }
    let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if version.is_empty()
        || version.len() > 128
        || !version.bytes().all(is_tag)
        || version.starts_with(['.', '-'])
    {
        return Err("its version is no tag of a registry");
    }
    let [registry, repository, version] = [registry, repository, version].map(str::to_owned);
    Ok(OciReference { registry, repository, version, manifest })
}

impl Ord for PluginReference {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for PluginReference {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for PluginReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Url { url, sha256 } => write!(f, "{url}#sha256={sha256}"),
            Self::Oci(artifact) => {
                let OciReference { registry, repository, version, manifest } = artifact;
                write!(f, "{OCI}{registry}/{repository}:{version}")?;
                manifest.iter().try_for_each(|digest| write!(f, "@sha256:{digest}"))
            }
        }
    }
}

text_in_yaml!(PluginReference);

#[cfg(test)]
mod tests;
