//! The kinds `git_tag` and `git_module`: a commit of a git repository whose refs are written with tags, and a submodule of another
//! source's repository.

use git2::Oid;
use spec_cas::Cas;
use spec_model::{Digest, Mapping, Node, NodeError, UniqueKey, Value};

use super::advertised_ref::AdvertisedRef;
use super::attributes::AttributeRules;
use super::describe::{TagFilter, describe_nearest};
use super::git_ref::GitRef;
use super::git_repo::{parse_ref, tagged_info};
use super::git_source::{mirror_path, require_ref_or_track};
use super::remote_repository::RemoteRepository;
use super::staged_repository::StagedRepository;
use super::submodules::{SubmoduleSettings, SubmoduleWalk, fetch_submodule, submodule_commit};
use super::tracked_ref::{named, no_match};
use crate::context::SourceContext;
use crate::declared_version::{DeclaredVersion, VERSION_KEYS};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::text_ref::TextRef;

/// The keys of both kinds.
const KEYS: [&str; 7] = ["kind", "directory", "provenance", "url", "ref", "full-clone", "use-lfs"];
const TAG_KEYS: [&str; 7] =
    ["track", "track-extra", "track-tags", "match", "exclude", "checkout-submodules", "submodules"];

/// What is different between both kinds.
#[derive(Debug)]
enum TagSourceKind {
    Tag {
        track: Option<TagTracking>,
        submodules: Box<SubmoduleSettings>,
    },
    /// The path of the submodule in the repository that a source before it has.
    Module {
        path: String,
    },
}

/// How the newest commit is found.
#[derive(Debug)]
struct TagTracking {
    branches: Vec<String>,
    /// Whether the last tag of a branch is taken instead of its end.
    tags: bool,
    filter: TagFilter,
}

/// A source of one of both kinds.
#[derive(Debug)]
pub(crate) struct GitTagSource {
    name: SourceName,
    cas: Cas,
    context: SourceContext,
    url: SourceUrl,
    repository: RemoteRepository,
    reference: TextRef,
    /// Whether files of Git LFS are wanted; `None` if the source does not say it.
    use_lfs: Option<bool>,
    version: DeclaredVersion,
    kind: TagSourceKind,
    warnings: Vec<SourceWarning>,
}

impl GitTagSource {
    /// A source of kind `git_tag`.
    pub(crate) fn tag(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS, &TAG_KEYS].concat())?;
        require_ref_or_track(&name, config)?;
        let filter = TagFilter {
            include: config.str_list_or_empty("match")?,
            exclude: config.str_list_or_empty("exclude")?,
            ..TagFilter::default()
        };
        let tags = config.bool_or("track-tags", false)?;
        let extra = config.str_list_or_empty("track-extra")?;
        let track = config.opt_str("track")?.map(|track| TagTracking {
            branches: [track.to_owned()].into_iter().chain(extra).collect(),
            tags,
            filter,
        });
        let submodules = Box::new(SubmoduleSettings::configure(config)?);
        let urls = submodules.check_urls(&name, context)?;
        let mut source = Self::configure(name, context, config, TagSourceKind::Tag { track, submodules })?;
        source.warnings.extend(urls.iter().filter_map(|url| url.warning(&source.name)));
        Ok(source)
    }

    /// A source of kind `git_module`.
    pub(crate) fn module(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &VERSION_KEYS, &["path"]].concat())?;
        let path = module_path(config)?;
        Self::configure(name, context, config, TagSourceKind::Module { path })
    }

    fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        kind: TagSourceKind,
    ) -> Result<Self, SourceError> {
        config.bool_or("full-clone", false)?;
        let url = SourceUrl::of_node(&name, context, config.require("url")?)?;
        let mirror = mirror_path(context, &name, &url);
        Ok(Self {
            cas: context.cas.clone(),
            context: context.clone(),
            repository: RemoteRepository::new(&name, context, &url, mirror),
            reference: TextRef::configure(config)?,
            use_lfs: config.get("use-lfs").map(Node::as_bool).transpose()?,
            version: DeclaredVersion::configure(config)?,
            kind,
            warnings: url.warning(&name).into_iter().collect(),
            url,
            name,
        })
    }

    fn git_ref(&self) -> Result<GitRef, SourceError> {
        parse_ref(&self.name, self.reference.required(&self.name)?, None)
    }

    fn wants_lfs(&self) -> bool {
        self.use_lfs == Some(true)
    }

    /// Downloads the files of Git LFS of a commit, or tells that the source should say whether they are wanted.
    fn fetch_lfs(
        &self,
        repository: &RemoteRepository,
        commit: &str,
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        match self.use_lfs {
            Some(true) => repository.fetch_lfs(commit, monitor),
            None if repository.names_lfs(commit)? => {
                let token = match self.kind {
                    TagSourceKind::Tag { .. } => "git_tag:unused-lfs",
                    TagSourceKind::Module { .. } => "git_module:unused-lfs",
                };
                let text = format!("{}: the repository has files of Git LFS; say 'use-lfs'", self.name);
                monitor.warn(token, &text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Calls `visit` for each submodule that is wanted.
    fn submodules(
        &self,
        commit: &str,
        monitor: &FetchMonitor,
        visit: &mut dyn FnMut(&str, &RemoteRepository, &str) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let TagSourceKind::Tag { submodules: settings, .. } = &self.kind else { return Ok(()) };
        let Self { name, context, .. } = self;
        let walk = SubmoduleWalk { name, context, settings, recursive: false, monitor };
        walk.visit(&self.repository, commit, visit)
    }

    fn track_newest(
        &self,
        tracking: &TagTracking,
        monitor: &FetchMonitor,
    ) -> Result<Option<String>, SourceError> {
        let refs = self.repository.refs(monitor)?;
        let mut newest: Option<(i64, String)> = None;
        for branch in &tracking.branches {
            let commit = named(branch, &refs).ok_or_else(|| {
                self.repository.git_error(self.repository.resolved(), no_match(branch, &refs))
            })?;
            let found = self.candidate(tracking, commit, &refs, monitor)?;
            newest = newest.into_iter().chain(found).max();
        }
        Ok(newest.map(|(_, reference)| reference))
    }

    /// The ref of a branch's commit, or of its last tag, with the time of the commit.
    fn candidate(
        &self,
        tracking: &TagTracking,
        commit: Oid,
        refs: &[AdvertisedRef],
        monitor: &FetchMonitor,
    ) -> Result<Option<(i64, String)>, SourceError> {
        self.repository.fetch_history(commit, monitor)?;
        let objects = self.repository.open(&commit.to_string())?;
        let git = |error| self.repository.git_error(self.repository.resolved(), error);
        let reader = objects.reader().map_err(git)?;
        let nearest = describe_nearest(&reader, commit, refs, &tracking.filter).map_err(git)?;
        let (at, reference) = match (nearest, tracking.tags) {
            (None, true) => return Ok(None),
            (None, false) => (commit, commit.to_string()),
            (Some(nearest), false) => (commit, nearest.reference(commit)),
            (Some(mut nearest), true) => {
                nearest.commits = 0;
                (nearest.commit, nearest.reference(nearest.commit))
            }
        };
        Ok(Some((reader.commit(at).map_err(git)?.committed, reference)))
    }
}

/// The path of a submodule; one from the root is relative all the same.
fn module_path(config: &Mapping) -> Result<String, NodeError> {
    let node = config.require("path")?;
    let text = node.as_str()?;
    if text.split('/').any(|name| name == "..") {
        return Err(node.expected("the path of a submodule, without '..'"));
    }
    match text.starts_with('/') {
        true => Ok(text.split('/').filter(|name| !matches!(*name, "" | ".")).collect::<Vec<_>>().join("/")),
        false => Ok(text.to_owned()),
    }
}

fn normal(path: &str) -> String {
    path.split('/').filter(|name| !matches!(*name, "" | ".")).collect::<Vec<_>>().join("/")
}

impl Source for GitTagSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Some(reference) = self.reference.text() else { return Ok(None) };
        let mut key = vec![self.url.url.original.as_str().into(), reference.into()];
        match &self.kind {
            TagSourceKind::Tag { submodules, .. } => submodules.append_to(&mut key),
            TagSourceKind::Module { path } if path.is_empty() => {}
            TagSourceKind::Module { path } => key.push(Value::map([("path", Value::from(path.as_str()))])),
        }
        if self.wants_lfs() {
            key.push("use-lfs".into());
        }
        self.version.append_to(&mut key);
        Ok(Some(Value::Seq(key).into()))
    }

    fn reference(&self) -> Option<Value> {
        self.reference.value()
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.reference.set(reference)
    }

    fn is_cached(&self) -> bool {
        let Ok(git_ref) = self.git_ref() else { return false };
        let silent = FetchMonitor::silent(spec_model::Cancel::new());
        let inner = |_: &str, inner: &RemoteRepository, commit: &str| match inner.has(commit) {
            true if !self.wants_lfs() || inner.has_lfs(commit)? => Ok(()),
            _ => Err(SourceError::NotFetched { name: self.name.clone() }),
        };
        inner("", &self.repository, &git_ref.commit).is_ok()
            && self.submodules(&git_ref.commit, &silent, &mut { inner }).is_ok()
    }

    fn check(&self) -> Result<(), SourceError> {
        self.git_ref()?;
        self.repository.check()
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let git_ref = self.git_ref()?;
        self.repository.fetch(&git_ref.commit, &git_ref.history(), monitor)?;
        self.fetch_lfs(&self.repository, &git_ref.commit, monitor)?;
        self.submodules(&git_ref.commit, monitor, &mut |_, inner, commit| {
            fetch_submodule(inner, commit, monitor)?;
            self.fetch_lfs(inner, commit, monitor)
        })
    }

    fn tracks_previous(&self) -> bool {
        matches!(self.kind, TagSourceKind::Module { .. })
    }

    fn track(
        &self,
        previous: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let new = match &self.kind {
            TagSourceKind::Tag { track: Some(tracking), .. } => self.track_newest(tracking, monitor)?,
            TagSourceKind::Tag { track: None, .. } => None,
            TagSourceKind::Module { path } => {
                let commit = previous.submodule_commit(path)?;
                Some(commit.ok_or_else(|| {
                    let message = format!("{}: no source before it has a submodule '{path}'", self.name);
                    let error = NodeError::new("git-bad-submodule", self.name.position.as_ref(), message);
                    SourceError::from(error.with_hint("check the key 'path'"))
                })?)
            }
        };
        Ok(new.map(|new| TrackedRef::text(self.reference(), new)))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let git_ref = self.git_ref()?;
        let staging = StagedRepository {
            name: &self.name,
            cas: &self.cas,
            monitor,
            rules: AttributeRules::Git { lfs: self.wants_lfs() },
        };
        let mut tree = staging.files_and_git(&self.repository, &git_ref)?;
        if let TagSourceKind::Module { path } = &self.kind {
            return staging.with_tree(staging.empty()?, &normal(path), tree);
        }
        self.submodules(&git_ref.commit, monitor, &mut |path, inner, commit| {
            tree = staging.with_tree(tree, path, staging.files(inner, commit)?)?;
            Ok(())
        })?;
        Ok(tree)
    }

    fn submodule_commit(&self, path: &str) -> Result<Option<String>, SourceError> {
        let commit = self.git_ref()?.commit;
        let inner = match &self.kind {
            TagSourceKind::Tag { .. } => Some(path.to_owned()),
            TagSourceKind::Module { path: own } => {
                normal(path).strip_prefix(&format!("{}/", normal(own))).map(str::to_owned)
            }
        };
        let Some(inner) = inner else { return Ok(None) };
        let found = submodule_commit(&self.repository.open(&commit)?, &commit, &inner);
        found.map_err(|error| self.repository.git_error(self.repository.resolved(), error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        if self.reference.text().is_none() {
            return Ok(Vec::new());
        }
        let mut info = tagged_info(&self.url, &self.git_ref()?, &self.version)?;
        if let TagSourceKind::Tag { .. } = &self.kind {
            info.extra_data.retain(|(name, _)| *name == "commit-offset");
        }
        Ok(vec![info])
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.warnings.clone()
    }
}
