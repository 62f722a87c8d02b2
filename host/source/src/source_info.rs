//! Where the files of a source come from, in the terms of BuildStream's `SourceInfo`.

use spec_model::Digest;

use crate::url::without_password;

/// The origin of what a source stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The URL with its alias replaced; of files of the project, their path in it.
    pub url: String,
    /// How the files are obtained: `local`, `workspace`, `remote-file`, `git`, `oci-image`, `pypi`.
    pub medium: &'static str,
    /// What the version is: `cas-digest`, `sha256`, `commit`, `oci-digest`, `indexed-version`.
    pub version_type: &'static str,
    /// What names these files and no others; empty without a ref.
    pub version: String,
    /// The version that people know, if the URL, the ref or the configuration has one.
    pub version_guess: Option<String>,
    /// What only sources of this kind say.
    pub extra_data: Vec<(&'static str, String)>,
}

impl SourceInfo {
    /// A file on a server, or of a `file:` URL.
    pub(crate) fn remote_file(url: &str, sha256: &str, version_guess: Option<String>) -> Self {
        let (url, version) = (without_password(url), sha256.to_owned());
        let (medium, version_type) = ("remote-file", "sha256");
        Self { url, medium, version_type, version, version_guess, extra_data: Vec::new() }
    }

    /// A commit of a git repository.
    pub(crate) fn git(url: &str, commit: &str, version_guess: Option<String>) -> Self {
        let (url, version) = (without_password(url), commit.to_owned());
        let (medium, version_type) = ("git", "commit");
        Self { url, medium, version_type, version, version_guess, extra_data: Vec::new() }
    }

    /// An image of a registry.
    pub(crate) fn image(registry: &str, sha256: &str, version_guess: Option<String>) -> Self {
        let (url, version) = (without_password(registry), format!("sha256:{sha256}"));
        let (medium, version_type) = ("oci-image", "oci-digest");
        Self { url, medium, version_type, version, version_guess, extra_data: Vec::new() }
    }

    /// A package of an index of Python packages.
    pub(crate) fn python_package(index: &str, name: &str, version: &str) -> Self {
        let (url, version_guess) = (without_password(index), Some(version.to_owned()));
        let (medium, version_type, version) = ("pypi", "indexed-version", version.to_owned());
        let extra_data = vec![("package-name", name.to_owned())];
        Self { url, medium, version_type, version, version_guess, extra_data }
    }

    /// A file of the project that is no file of the source's tree: a patch.
    pub(crate) fn local_file(path: &str, contents: &Digest) -> Self {
        Self { version_type: "sha256", version: contents.hex(), ..Self::tree("local", path, contents) }
    }

    /// A tree of files on this machine.
    pub(crate) fn tree(medium: &'static str, path: &str, tree: &Digest) -> Self {
        let (url, version, version_type) = (path.to_owned(), tree.to_string(), "cas-digest");
        Self { url, medium, version_type, version, version_guess: None, extra_data: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        self.extra_data.extend(value.map(|value| (name, value.into())));
        self
    }
}
