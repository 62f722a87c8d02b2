//! The kind `git`: a commit of a git repository, with its submodules.

use git2::Oid;
use spec_cas::Cas;
use spec_model::{Digest, Mapping, Node, NodeError, NodeKind, UniqueKey, Value};

use super::advertised_ref::AdvertisedRef;
use super::attributes::AttributeRules;
use super::describe::{TagFilter, describe_nearest};
use super::dot_git::TagToStage;
use super::git_ref::{GitRef, WantedHistory};
use super::git_repo::parse_ref;
use super::reachable_tags::{StagedTag, reachable_tags};
use super::remote_repository::RemoteRepository;
use super::staged_repository::StagedRepository;
use super::submodules::{SubmoduleSettings, SubmoduleWalk, fetch_submodule, submodule_commit};
use super::tracked_ref::{RefFormat, named, no_match};
use crate::context::SourceContext;
use crate::declared_version::{DeclaredVersion, VERSION_KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;
use crate::url::directory_name;

const KEYS: [&str; 11] = [
    "kind",
    "directory",
    "provenance",
    "url",
    "track",
    "ref",
    "submodules",
    "checkout-submodules",
    "ref-format",
    "track-tags",
    "tags",
];

/// A commit of a repository, with its submodules and theirs.
#[derive(Debug)]
pub(crate) struct GitSource {
    name: SourceName,
    cas: Cas,
    context: SourceContext,
    url: SourceUrl,
    repository: RemoteRepository,
    reference: TextRef,
    tags: Vec<StagedTag>,
    track: Option<String>,
    track_tags: bool,
    ref_format: RefFormat,
    submodules: SubmoduleSettings,
    version: DeclaredVersion,
    warnings: Vec<SourceWarning>,
}

impl GitSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS].concat())?;
        let url = SourceUrl::of_node(&name, context, config.require("url")?)?;
        let mirror = mirror_path(context, &name, &url);
        let reference = TextRef::configure(config)?;
        let track = config.opt_str("track")?.map(str::to_owned);
        require_ref_or_track(&name, config)?;
        let submodules = SubmoduleSettings::configure(config)?;
        let mut warnings: Vec<SourceWarning> = url.warning(&name).into_iter().collect();
        warnings.extend(submodules.check_urls(&name, context)?.iter().filter_map(|url| url.warning(&name)));
        Ok(Self {
            cas: context.cas.clone(),
            context: context.clone(),
            repository: RemoteRepository::new(&name, context, &url, mirror),
            reference,
            tags: StagedTag::configure(config)?,
            track,
            track_tags: config.bool_or("track-tags", false)?,
            ref_format: RefFormat::configure(config)?,
            submodules,
            version: DeclaredVersion::configure(config)?,
            warnings,
            url,
            name,
        })
    }

    fn git_ref(&self) -> Result<GitRef, SourceError> {
        parse_ref(&self.name, self.reference.required(&self.name)?, None)
    }

    fn walk<'w>(&'w self, monitor: &'w FetchMonitor) -> SubmoduleWalk<'w> {
        let Self { name, context, submodules: settings, .. } = self;
        SubmoduleWalk { name, context, settings, recursive: true, monitor }
    }

    /// The ref of a commit as it is to be written, and its tags.
    fn described(
        &self,
        commit: Oid,
        refs: &[AdvertisedRef],
        monitor: &FetchMonitor,
    ) -> Result<(String, Vec<StagedTag>), SourceError> {
        let plain = commit.to_string();
        let describes = self.ref_format == RefFormat::GitDescribe;
        if !describes && !self.track_tags {
            return Ok((plain, Vec::new()));
        }
        self.repository.fetch_history(commit, monitor)?;
        let objects = self.repository.open(&plain)?;
        let found = objects.reader().and_then(|reader| {
            let nearest = match describes {
                true => describe_nearest(&reader, commit, refs, &TagFilter::default())?,
                false => None,
            };
            let tags = if self.track_tags { reachable_tags(&reader, commit, refs)? } else { Vec::new() };
            Ok((nearest.map_or(plain, |nearest| nearest.reference(commit)), tags))
        });
        found.map_err(|error| self.repository.git_error(self.repository.resolved(), error))
    }

    fn history(&self) -> WantedHistory {
        if self.tags.is_empty() { WantedHistory::None } else { WantedHistory::All }
    }
}

/// The settings of a ref with tags, in BuildStream's order.
fn with_tags(reference: &str, tags: &[StagedTag]) -> Mapping {
    let mut settings = Mapping::new();
    settings.set("ref", Node::text(reference));
    settings.set("tags", Node::sequence(tags.iter().map(StagedTag::to_node).collect()));
    settings
}

/// The folder of the copy of a repository, as BuildStream's plugins `git` and `git_tag` name it.
pub(super) fn mirror_path(context: &SourceContext, name: &SourceName, url: &SourceUrl) -> std::path::PathBuf {
    context.download_directory.join(name.kind).join(directory_name(&url.url.original))
}

/// Refuses a source that has neither a ref nor a branch to find one.
pub(super) fn require_ref_or_track(name: &SourceName, config: &Mapping) -> Result<(), NodeError> {
    if config.get("ref").is_some() || config.get("track").is_some() {
        return Ok(());
    }
    let message = format!("{name}: a source of kind '{}' needs a 'ref' or a 'track'", name.kind);
    let error = NodeError::new("missing-track-and-ref", name.position.as_ref(), message);
    Err(error.with_hint("write the branch into 'track', then run: spec-host source track"))
}

impl Source for GitSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Some(reference) = self.reference.text() else { return Ok(None) };
        let commit = reference.rsplit_once("-g").map_or(reference, |(_, commit)| commit);
        let mut key = vec![self.url.url.original.as_str().into(), commit.into()];
        if !self.tags.is_empty() {
            let tag = |tag: &StagedTag| {
                let value = Value::seq([Value::from(tag.commit.as_str()), Value::Bool(tag.annotated)]);
                (tag.tag.clone(), value)
            };
            key.push(Value::map([("tags", Value::map(self.tags.iter().map(tag)))]));
        }
        self.submodules.append_to(&mut key);
        self.version.append_to(&mut key);
        Ok(Some(Value::Seq(key).into()))
    }

    fn reference(&self) -> Option<Value> {
        let reference = self.reference.text()?;
        match self.tags.is_empty() {
            true => Some(Value::from(reference)),
            false => Some(Node::from(with_tags(reference, &self.tags)).to_value()),
        }
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        let NodeKind::Mapping(settings) = &reference.kind else {
            self.tags.clear();
            return self.reference.set(reference);
        };
        self.tags = StagedTag::configure(settings)?;
        self.reference.set(settings.require("ref")?)
    }

    fn is_cached(&self) -> bool {
        let Ok(git_ref) = self.git_ref() else { return false };
        if !self.repository.has(&git_ref.commit) {
            return false;
        }
        let mut all = true;
        let silent = FetchMonitor::silent(spec_model::Cancel::new());
        let walked = self.walk(&silent).visit(&self.repository, &git_ref.commit, &mut |_, inner, commit| {
            all &= inner.has(commit);
            if all { Ok(()) } else { Err(SourceError::NotFetched { name: self.name.clone() }) }
        });
        walked.is_ok() && all
    }

    fn check(&self) -> Result<(), SourceError> {
        self.git_ref()?;
        self.repository.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let commit = self.git_ref()?.commit;
        self.repository.fetch(&commit, &self.history(), monitor)?;
        self.walk(monitor)
            .visit(&self.repository, &commit, &mut |_, inner, commit| fetch_submodule(inner, commit, monitor))
    }

    fn track(
        &self,
        _: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let Some(track) = &self.track else { return Ok(None) };
        let refs = self.repository.refs(monitor)?;
        let git = |error| self.repository.git_error(self.repository.resolved(), error);
        let commit = named(track, &refs).ok_or_else(|| git(no_match(track, &refs)))?;
        let (new, tags) = self.described(commit, &refs, monitor)?;
        // As for BuildStream, tags belong to the ref: those of the one before go.
        if tags.is_empty() && self.tags.is_empty() {
            return Ok(Some(TrackedRef::text(self.reference(), new)));
        }
        Ok(Some(TrackedRef::in_settings(self.reference(), with_tags(&new, &tags))))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let commit = self.git_ref()?.commit;
        let staging = StagedRepository {
            name: &self.name,
            cas: &self.cas,
            monitor,
            rules: AttributeRules::Git { lfs: false },
        };
        let mut tree = staging.files(&self.repository, &commit)?;
        if !self.tags.is_empty() {
            let tags: Vec<TagToStage<'_>> = self.tags.iter().map(StagedTag::to_stage).collect();
            let git = staging.history(&self.repository, &commit, &tags)?;
            tree = staging.with_tree(tree, ".git", git)?;
        }
        self.walk(monitor).visit(&self.repository, &commit, &mut |path, inner, commit| {
            tree = staging.with_tree(tree, path, staging.files(inner, commit)?)?;
            Ok(())
        })?;
        Ok(tree)
    }

    fn submodule_commit(&self, path: &str) -> Result<Option<String>, SourceError> {
        let commit = self.git_ref()?.commit;
        let found = submodule_commit(&self.repository.open(&commit)?, &commit, path);
        found.map_err(|error| self.repository.git_error(self.repository.resolved(), error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        if self.reference.text().is_none() {
            return Ok(Vec::new());
        }
        let GitRef { tag, commit } = self.git_ref()?;
        let guess = self.version.guess(tag.as_ref().map(|(tag, _)| tag.as_str()))?;
        let offset = tag.filter(|(_, commits)| *commits > 0).map(|(_, commits)| commits.to_string());
        Ok(vec![SourceInfo::git(&self.url.url.resolved, &commit, guess).with("commit-offset", offset)])
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.warnings.clone()
    }
}
