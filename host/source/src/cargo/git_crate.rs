//! Crates in git repositories: a commit is fetched, and the folder of the crate in it is staged.

use std::collections::HashMap;

use spec_cas::{Cas, CasError, Entry, MergeInput, TreeBuilder};
use spec_model::{Digest, NodeError};
use toml::Table;

use super::toml_file::TomlFileError;
use super::workspace::{CrateError, FoundCrate, find_crate};
use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::git::{AttributeRules, GitRef, RemoteRepository, StagedRepository, WantedHistory, parse_ref};
use crate::monitor::FetchMonitor;
use crate::source_url::SourceUrl;
use crate::url::directory_name;

/// A crate in a commit of a git repository.
#[derive(Debug)]
pub(super) struct GitCrate {
    name: SourceName,
    cas: Cas,
    /// The name of the crate.
    crate_name: String,
    repository: RemoteRepository,
    commit: String,
    /// The URL that cargo is told to replace.
    replaced: String,
    query: Vec<(String, String)>,
}

/// The trees of commits that crates were taken from: a repository may have many crates.
pub(super) type StagedCommits = HashMap<(String, String), Digest>;

impl GitCrate {
    /// The crate `crate_name` of the repository at the URL `repo`, which is fetched from `mirrored`.
    pub(super) fn new(
        name: &SourceName,
        context: &SourceContext,
        crate_name: &str,
        (repo, mirrored): (&str, &str),
        commit: &str,
        query: &[(String, String)],
    ) -> Result<Self, SourceError> {
        let url = |written| SourceUrl::new(name, context, written, name.position.clone());
        let plain = repo.strip_suffix(".git").unwrap_or(repo);
        let mirror =
            context.download_directory.join(name.kind).join(format!("{}.git", directory_name(plain)));
        Ok(Self {
            cas: context.cas.clone(),
            crate_name: crate_name.to_owned(),
            repository: RemoteRepository::new(name, context, &url(mirrored)?, mirror),
            commit: commit.to_owned(),
            replaced: url(repo)?.url.resolved.clone(),
            query: query.to_vec(),
            name: name.clone(),
        })
    }

    /// The URL that it is fetched from.
    pub(super) fn url(&self) -> &str {
        self.repository.resolved()
    }

    pub(super) fn is_cached(&self) -> bool {
        self.repository.has(&self.commit)
    }

    pub(super) fn check(&self) -> Result<(), SourceError> {
        self.git_ref()?;
        self.repository.check()
    }

    pub(super) fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.git_ref()?;
        self.repository.fetch(&self.commit, &WantedHistory::None, monitor)
    }

    fn git_ref(&self) -> Result<GitRef, SourceError> {
        let found = parse_ref(&self.name, &self.commit, None)?;
        match found.tag.is_none() && found.commit == self.commit {
            true => Ok(found),
            false => Err(self.wrong("invalid-ref", format!("'{}' is not a commit", self.commit))),
        }
    }

    /// The section of cargo's configuration that replaces the repository, and its name.
    pub(super) fn replacement(&self) -> (String, Table) {
        let mut section = Table::new();
        section.insert("git".to_owned(), self.replaced.as_str().into());
        section.insert("replace-with".to_owned(), "vendored-sources".into());
        for (key, value) in &self.query {
            section.insert(key.clone(), value.as_str().into());
        }
        let url = reqwest::Url::parse_with_params("query:", &self.query).ok();
        let query = url.as_ref().and_then(reqwest::Url::query).unwrap_or_default();
        let start = if query.is_empty() { "" } else { "?" };
        (format!("git+{}{start}{query}", self.replaced), section)
    }

    /// The files of the crate. Where it is all of its repository, a small repository is beside them.
    pub(super) fn stage(
        &self,
        staged: &mut StagedCommits,
        monitor: &FetchMonitor,
    ) -> Result<Digest, SourceError> {
        let git_ref = self.git_ref()?;
        let rules = AttributeRules::Dulwich;
        let staging = StagedRepository { name: &self.name, cas: &self.cas, monitor, rules };
        let commit = (self.url().to_owned(), self.commit.clone());
        let files = match staged.get(&commit) {
            Some(files) => *files,
            None => staging.files(&self.repository, &self.commit)?,
        };
        staged.insert(commit, files);
        let found = find_crate(&self.cas, files, &self.crate_name).map_err(|error| self.explain(error))?;
        let tree = match found.folder.is_empty() {
            true => staging.with_git(files, &self.repository, &git_ref)?,
            false => {
                let inner = self.cas.subtree(&files, &found.folder);
                let inner = inner.map_err(|error| self.name.cas_error(error))?;
                inner.ok_or_else(|| self.explain(CrateError::NoManifest))?
            }
        };
        self.with_own_files(tree, &found).map_err(|error| self.name.cas_error(error))
    }

    /// Adds its manifest, and the file without which cargo refuses a crate.
    fn with_own_files(&self, tree: Digest, found: &FoundCrate) -> Result<Digest, CasError> {
        let mut builder = TreeBuilder::new();
        let mut add = |path, text: &str, executable| {
            let digest = self.cas.put_bytes(text.as_bytes())?;
            builder.add_file(path, digest, executable)
        };
        if let Some(manifest) = &found.manifest {
            let old = self.cas.lookup(&tree, "Cargo.toml")?;
            let executable = matches!(old, Some(Entry::File(old)) if old.executable);
            add("Cargo.toml", &manifest.to_string(), executable)?;
        }
        add(".cargo-checksum.json", "{\"files\": {}, \"package\": null}", false)?;
        let own = MergeInput::whole(builder.store(&self.cas)?);
        Ok(self.cas.merge(&[MergeInput::whole(tree), own])?.root)
    }

    fn explain(&self, error: CrateError) -> SourceError {
        let why = match error {
            CrateError::Cas(error) => return self.name.cas_error(error),
            CrateError::Manifest { path, error: TomlFileError { line, column, why } } => {
                format!("'{path}', line {line}, column {column}: {why}")
            }
            CrateError::TooLarge { path } => format!("'{path}' is too large for a manifest"),
            CrateError::Missing { path, error } => format!("'{path}': {error}"),
            CrateError::NoManifest => "it has no 'Cargo.toml'".to_owned(),
            CrateError::NotFound { found } if found.is_empty() => "it has no crates".to_owned(),
            CrateError::NotFound { found } => format!("it has only the crates {}", found.join(", ")),
        };
        self.wrong("git-bad-crate", format!("commit {} of {}: {why}", self.commit, self.url()))
    }

    fn wrong(&self, reason: &'static str, why: String) -> SourceError {
        let message = format!("{}: the crate {}: {why}", self.name, self.crate_name);
        let error = NodeError::new(reason, self.name.position.as_ref(), message);
        error
            .with_hint(format!(
                "to have the right ref written, run: spec-host source track {}",
                self.name.element
            ))
            .into()
    }
}
