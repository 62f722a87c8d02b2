//! The kind `git_repo`: a commit of a git repository, without its submodules.

use std::collections::BTreeMap;

use spec_cas::Cas;
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, UniqueKey, Value};

use super::attributes::AttributeRules;
use super::git_ref::GitRef;
use super::remote_repository::RemoteRepository;
use super::staged_repository::StagedRepository;
use super::submodules::submodule_commit;
use super::tracked_ref::{RefFormat, RefPatterns};
use crate::context::SourceContext;
use crate::declared_version::{DeclaredVersion, VERSION_KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;
use crate::url::directory_name;

const KEYS: [&str; 8] = ["kind", "directory", "provenance", "ref", "url", "track", "exclude", "ref-format"];

/// A commit of a repository. Where the ref has a tag, a small repository is staged in which `git describe` finds it.
#[derive(Debug)]
pub(crate) struct GitRepoSource {
    cas: Cas,
    repository: RemoteRepository,
    reference: TextRef,
    track: Option<RefPatterns>,
    ref_format: RefFormat,
    version: DeclaredVersion,
}

impl GitRepoSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS].concat())?;
        let reference = TextRef::configure(config)?;
        let place = config.get("ref").and_then(|node| node.position.as_ref());
        if let Some(text) = reference.text() {
            parse_ref(&name, text, place)?;
        }
        let url = SourceUrl::of_node(&name, context, config.require("url")?)?;
        let repository = RemoteRepository::new(&name, context, &url, mirror_path(context, &name, &url));
        let exclude = config.str_list_or_empty("exclude")?;
        let track = config.opt_str("track")?.map(|track| RefPatterns::new(track, exclude));
        let ref_format = RefFormat::configure(config)?;
        let version = DeclaredVersion::configure(config)?;
        Ok(Self { cas: context.cas.clone(), repository, reference, track, ref_format, version })
    }

    fn git_ref(&self) -> Result<GitRef, SourceError> {
        parse_ref(self.repository.name(), self.reference.required(self.repository.name())?, None)
    }
}

/// The folder of the copy of a repository, as BuildStream's plugin names it.
pub(super) fn mirror_path(context: &SourceContext, name: &SourceName, url: &SourceUrl) -> std::path::PathBuf {
    let plain = url.url.original.strip_suffix(".git").unwrap_or(&url.url.original);
    context.download_directory.join(name.kind).join(format!("{}.git", directory_name(plain)))
}

/// The ref in a text.
///
/// # Errors
/// `invalid-ref`.
pub(crate) fn parse_ref(
    name: &SourceName,
    text: &str,
    place: Option<&FilePosition>,
) -> Result<GitRef, SourceError> {
    GitRef::parse(text).ok_or_else(|| {
        let message = format!(
            "{name}: the ref '{text}' is not a commit; expected its 40 digits of 0-9 and a-f, or \
             TAG-NUMBER-gCOMMIT, as 'git describe --long --abbrev=40' writes it"
        );
        let error = NodeError::new("invalid-ref", place.or(name.position.as_ref()), message);
        error
            .with_hint(format!("to have the right one written, run: spec-host source track {}", name.element))
            .into()
    })
}

/// What the kinds of BuildStream's community that keep refs with tags say of a commit.
pub(super) fn tagged_info(
    url: &SourceUrl,
    reference: &GitRef,
    version: &DeclaredVersion,
) -> Result<SourceInfo, NodeError> {
    let tag = reference.tag.as_ref();
    let guess = version.guess(tag.map(|(tag, _)| tag.as_str()))?;
    Ok(SourceInfo::git(&url.url.resolved, &reference.commit, guess)
        .with("tag-name", tag.map(|(tag, _)| tag.as_str()))
        .with("commit-offset", tag.map(|(_, commits)| commits.to_string()))
        .with("ecosystem", Some("GIT")))
}

impl Source for GitRepoSource {
    fn name(&self) -> &SourceName {
        self.repository.name()
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Some(reference) = self.reference.text() else { return Ok(None) };
        let mut key =
            BTreeMap::from([("ref".to_owned(), reference.into()), ("bugfix".to_owned(), Value::Int(1))]);
        self.version.insert_into(&mut key);
        Ok(Some(Value::Map(key).into()))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        self.git_ref().is_ok_and(|git_ref| self.repository.has(&git_ref.commit))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.git_ref()?;
        self.repository.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let git_ref = self.git_ref()?;
        self.repository.fetch(&git_ref.commit, &git_ref.history(), monitor)
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let Some(patterns) = &self.track else { return Ok(None) };
        let new = self.repository.track(patterns, self.ref_format, monitor)?;
        Ok(Some(TrackedRef::text(self.reference(), new)))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let staging = StagedRepository {
            name: self.repository.name(),
            cas: &self.cas,
            monitor,
            rules: AttributeRules::Dulwich,
        };
        staging.files_and_git(&self.repository, &self.git_ref()?)
    }

    fn submodule_commit(&self, path: &str) -> Result<Option<String>, SourceError> {
        let commit = self.git_ref()?.commit;
        let found = submodule_commit(&self.repository.open(&commit)?, &commit, path);
        found.map_err(|error| self.repository.git_error(self.repository.resolved(), error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let Some(text) = self.reference.text() else { return Ok(Vec::new()) };
        Ok(vec![tagged_info(
            self.repository.url(),
            &parse_ref(self.repository.name(), text, None)?,
            &self.version,
        )?])
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.repository.url().warning(self.repository.name()).into_iter().collect()
    }
}
