//! A repository at a URL: fetched into a mirror from a server, read in place on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::Oid;
use spec_cas::Limits;

use super::advertised_ref::{AdvertisedRef, local_refs};
use super::describe::describe;
use super::git_address::{GitAddress, ServerAddress};
use super::git_ref::WantedHistory;
use super::lfs::{LfsLogin, LfsObjects, LfsPointer, LfsServer, configured, server_url};
use super::lfs_files::{lfs_config, lfs_pointers, names_lfs};
use super::mirror::Mirror;
use super::objects::{GitObjects, oid};
use super::server::{GitServer, lfs_login};
use super::server_failure::ServerFailure;
use super::session::PackRequest;
use super::tracked_ref::{RefFormat, RefPatterns, described_tag};
use crate::context::SourceContext;
use crate::download::Failure;
use crate::error::{SourceError, SourceName};
use crate::git_error::GitError;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;
use crate::source_url::SourceUrl;
use crate::ssh_options::SshOptions;
use crate::url::without_password;
use crate::url_attempts::try_urls;

/// A repository at a URL.
#[derive(Debug)]
pub(crate) struct RemoteRepository {
    name: SourceName,
    url: SourceUrl,
    mirror: Mirror,
    http: Arc<HttpOptions>,
    ssh: Arc<SshOptions>,
    most_bytes: u64,
    limits: Limits,
}

impl RemoteRepository {
    /// The repository at a URL. What is fetched of it is kept in the folder `mirror`.
    pub(crate) fn new(name: &SourceName, context: &SourceContext, url: &SourceUrl, mirror: PathBuf) -> Self {
        Self {
            name: name.clone(),
            url: url.clone(),
            mirror: Mirror::new(mirror),
            http: Arc::clone(&context.http),
            ssh: Arc::clone(&context.ssh),
            most_bytes: context.limits.unpacked,
            limits: context.cas.limits(),
        }
    }

    /// The source that it is for.
    pub(crate) fn name(&self) -> &SourceName {
        &self.name
    }

    /// Its URL.
    pub(crate) fn url(&self) -> &SourceUrl {
        &self.url
    }

    /// The URL as written.
    pub(crate) fn written(&self) -> &str {
        &self.url.url.original
    }

    /// The URL, aliases resolved.
    pub(crate) fn resolved(&self) -> &str {
        &self.url.url.resolved
    }

    /// Whether a commit was fetched. As for files, one of this machine has to be.
    pub(crate) fn has(&self, commit: &str) -> bool {
        self.mirror_with(commit).is_some()
    }

    fn has_tag(&self, history: &WantedHistory) -> bool {
        match history {
            WantedHistory::SinceTag { tag, .. } => self.mirror.has_tag(tag),
            _ => true,
        }
    }

    fn mirror_with(&self, commit: &str) -> Option<GitObjects> {
        let objects =
            self.mirror.path().join("HEAD").is_file().then(|| GitObjects::open(self.mirror.path()).ok());
        let id = oid(commit).ok()?;
        objects.flatten().filter(|objects| objects.has(id))
    }

    /// Finds errors of the URL before anything is downloaded.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        self.target(self.resolved()).map(drop)
    }

    fn target(&self, url: &str) -> Result<GitAddress, SourceError> {
        GitAddress::of(url).map_err(|why| SourceError::BadUrl {
            name: self.name.clone(),
            url: without_password(url),
            why,
            expected: "a file, http, https or ssh URL, or USER@HOST:PATH behind an alias",
            position: self.url.position.clone(),
        })
    }

    fn server<'s>(
        &'s self,
        url: &'s str,
        address: &'s ServerAddress,
        monitor: &'s FetchMonitor,
    ) -> GitServer<'s> {
        GitServer { url, address, http: &self.http, ssh: &self.ssh, monitor }
    }

    /// Fetches a commit with some of its history, unless it is there.
    pub(crate) fn fetch(
        &self,
        commit: &str,
        history: &WantedHistory,
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        if self.has(commit) && self.has_tag(history) {
            return Ok(());
        }
        let urls: Vec<&str> = self.url.url.fetch_order().collect();
        try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| match self.target(url)? {
                // It is read in place.
                GitAddress::File(path) => {
                    self.local_with(&path, commit).map(drop).map_err(|error| self.git_error(url, error))
                }
                GitAddress::Server(address) => self.fetch_from(url, &address, commit, history, monitor),
            },
        )
    }

    fn local_with(&self, path: &Path, commit: &str) -> Result<GitObjects, GitError> {
        let objects = GitObjects::open(path)?;
        objects.reader()?.commit(oid(commit)?)?;
        Ok(objects)
    }

    fn fetch_from(
        &self,
        url: &str,
        address: &ServerAddress,
        commit: &str,
        history: &WantedHistory,
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        let server = self.server(url, address, monitor);
        let git = |error| self.git_error(url, error);
        let failed = |failure| self.server_error(url, failure);
        let mut wants = vec![oid(commit).map_err(git)?];
        let mut tags = Vec::new();
        let depth = match history {
            WantedHistory::None => Some(1),
            WantedHistory::SinceTag { tag, commits } => {
                let full = format!("refs/tags/{tag}");
                let found = server.refs().map_err(failed)?.into_iter().find(|found| found.name == full);
                tags.extend(Some(found.ok_or_else(|| git(GitError::NoTag { tag: tag.clone() }))?));
                Some(commits.saturating_add(1))
            }
            WantedHistory::All => {
                let all = server.refs().map_err(failed)?;
                tags.extend(all.into_iter().filter(|found| found.name.starts_with("refs/tags/")));
                None
            }
        };
        wants.extend(tags.iter().map(|tag| tag.object));
        wants.sort();
        wants.dedup();
        self.mirror.create().map_err(git)?;
        let request = PackRequest { wants: &wants, depth, most_bytes: self.most_bytes };
        server.fetch(&request, &self.mirror).map_err(failed)?;
        for tag in &tags {
            let name = tag.name.strip_prefix("refs/tags/").unwrap_or(&tag.name);
            self.mirror.add_tag(name, tag.object).map_err(git)?;
        }
        match self.has(commit) {
            true => Ok(()),
            false => Err(git(GitError::Missing { what: "commit", id: commit.to_owned() })),
        }
    }

    /// The objects of the repository, with a commit that was fetched.
    pub(crate) fn open(&self, commit: &str) -> Result<GitObjects, SourceError> {
        if let Some(objects) = self.mirror_with(commit) {
            return Ok(objects);
        }
        let local = self.url.url.fetch_order().find_map(|url| match self.target(url) {
            Ok(GitAddress::File(path)) => self.local_with(&path, commit).ok(),
            _ => None,
        });
        local.ok_or_else(|| SourceError::NotFetched { name: self.name.clone() })
    }

    /// The branches and tags.
    pub(crate) fn refs(&self, monitor: &FetchMonitor) -> Result<Vec<AdvertisedRef>, SourceError> {
        let urls: Vec<&str> = self.url.url.track_order().collect();
        try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| match self.target(url)? {
                GitAddress::File(path) => {
                    let refs = GitObjects::open(&path).and_then(|objects| local_refs(&objects));
                    refs.map_err(|error| self.git_error(url, error))
                }
                GitAddress::Server(address) => {
                    let server = self.server(url, &address, monitor);
                    server.refs().map_err(|failure| self.server_error(url, failure))
                }
            },
        )
    }

    /// The branches and tags of the repository that has a commit which was fetched. A mirror has only tags.
    pub(crate) fn fetched_refs(&self, commit: &str) -> Result<Vec<AdvertisedRef>, SourceError> {
        let refs = |objects: &GitObjects| {
            local_refs(objects).map_err(|error| self.git_error(self.resolved(), error))
        };
        if let Some(objects) = self.mirror_with(commit) {
            return refs(&objects);
        }
        for url in self.url.url.fetch_order() {
            if let GitAddress::File(path) = self.target(url)?
                && let Ok(objects) = self.local_with(&path, commit)
            {
                return refs(&objects);
            }
        }
        Err(SourceError::NotFetched { name: self.name.clone() })
    }

    /// The commit whose name begins so.
    pub(crate) fn commit_from(&self, start: &str, monitor: &FetchMonitor) -> Result<String, SourceError> {
        let urls: Vec<&str> = self.url.url.track_order().collect();
        let found =
            |objects: Result<GitObjects, GitError>| objects.and_then(|objects| objects.commit_from(start));
        try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| match self.target(url)? {
                GitAddress::File(path) => {
                    found(GitObjects::open(&path)).map_err(|error| self.git_error(url, error))
                }
                GitAddress::Server(address) => match found(GitObjects::open(self.mirror.path())) {
                    Ok(commit) => Ok(commit),
                    Err(_) => {
                        self.fetch_all(url, &address, monitor)?;
                        found(GitObjects::open(self.mirror.path()))
                            .map_err(|error| self.git_error(url, error))
                    }
                },
            },
        )
    }

    /// Fetches the history of all branches and tags.
    fn fetch_all(
        &self,
        url: &str,
        address: &ServerAddress,
        monitor: &FetchMonitor,
    ) -> Result<(), SourceError> {
        let server = self.server(url, address, monitor);
        let failed = |failure| self.server_error(url, failure);
        let mut wants: Vec<Oid> = server.refs().map_err(failed)?.iter().map(|found| found.object).collect();
        wants.sort();
        wants.dedup();
        if wants.is_empty() {
            return Ok(());
        }
        self.mirror.create().map_err(|error| self.git_error(url, error))?;
        let request = PackRequest { wants: &wants, depth: None, most_bytes: self.most_bytes };
        server.fetch(&request, &self.mirror).map_err(failed)
    }

    /// The ref of the newest branch or tag that matches.
    pub(crate) fn track(
        &self,
        patterns: &RefPatterns,
        format: RefFormat,
        monitor: &FetchMonitor,
    ) -> Result<String, SourceError> {
        let refs = self.refs(monitor)?;
        let newest = patterns.newest(&refs).map_err(|error| self.git_error(self.resolved(), error))?;
        let commit = newest.commit();
        match (format, described_tag(newest)) {
            (RefFormat::Sha1, _) => Ok(commit.to_string()),
            (RefFormat::GitDescribe, Some(tag)) => Ok(tag),
            (RefFormat::GitDescribe, None) => self.describe(commit, &refs, monitor),
        }
    }

    /// The ref of a commit with the last tag before it; the commit alone if there is none.
    pub(crate) fn describe(
        &self,
        commit: Oid,
        refs: &[AdvertisedRef],
        monitor: &FetchMonitor,
    ) -> Result<String, SourceError> {
        self.fetch_history(commit, monitor)?;
        let objects = self.open(&commit.to_string())?;
        let described = objects.reader().and_then(|reader| describe(&reader, commit, refs));
        described.map_err(|error| self.git_error(self.resolved(), error))
    }

    /// Fetches all history of a commit, even if the commit itself is there.
    pub(crate) fn fetch_history(&self, commit: Oid, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let urls: Vec<&str> = self.url.url.track_order().collect();
        try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| match self.target(url)? {
                GitAddress::File(_) => Ok(()),
                GitAddress::Server(address) => {
                    self.fetch_from(url, &address, &commit.to_string(), &WantedHistory::All, monitor)
                }
            },
        )
    }

    /// The files of Git LFS that are here.
    pub(crate) fn lfs_objects(&self) -> LfsObjects {
        let local = self.url.url.fetch_order().filter_map(|url| match self.target(url) {
            Ok(GitAddress::File(path)) => Some(path),
            _ => None,
        });
        LfsObjects::new(self.mirror.path(), local)
    }

    /// Whether all files of Git LFS of a commit that was fetched are here.
    pub(crate) fn has_lfs(&self, commit: &str) -> Result<bool, SourceError> {
        let here = self.lfs_objects();
        Ok(self.lfs_pointers(commit)?.iter().all(|pointer| here.find(pointer).is_some()))
    }

    fn lfs_pointers(&self, commit: &str) -> Result<BTreeSet<LfsPointer>, SourceError> {
        let pointers = lfs_pointers(&self.open(commit)?, commit, self.limits);
        pointers.map_err(|error| self.git_error(self.resolved(), error))
    }

    /// Downloads the files of Git LFS of a commit that was fetched, unless they are here.
    pub(crate) fn fetch_lfs(&self, commit: &str, monitor: &FetchMonitor) -> Result<(), SourceError> {
        let here = self.lfs_objects();
        let pointers = self.lfs_pointers(commit)?;
        let wanted: Vec<&LfsPointer> =
            pointers.iter().filter(|pointer| here.find(pointer).is_none()).collect();
        let Some(first) = wanted.first() else { return Ok(()) };
        let git = |url: &str, error| self.git_error(url, error);
        let config = lfs_config(&self.open(commit)?, commit).map_err(|error| git(self.resolved(), error))?;
        let urls: Vec<&str> = self.url.url.fetch_order().collect();
        try_urls(
            &self.name,
            &urls,
            |_, _| {},
            |url| {
                let Some(login) = self.lfs_login(url, config.as_deref(), monitor)? else {
                    let why = "is not beside the repository".to_owned();
                    return Err(git(url, GitError::Lfs { sha256: first.sha256.clone(), why }));
                };
                let lfs = LfsServer { login: &login, options: &self.http, monitor };
                lfs.download(&wanted, &here).map_err(|failure| self.server_error(&login.url, failure))
            },
        )
    }

    /// The server of the files of a repository at a URL. Over ssh the repository's server is asked for it.
    fn lfs_login(
        &self,
        url: &str,
        config: Option<&str>,
        monitor: &FetchMonitor,
    ) -> Result<Option<LfsLogin>, SourceError> {
        let usual = || server_url(url, config).map(LfsLogin::of_url);
        match self.target(url)? {
            GitAddress::Server(ServerAddress::Ssh(address)) if config.and_then(configured).is_none() => {
                match lfs_login(&address, &self.ssh, &self.http, monitor) {
                    Ok(printed) => Ok(LfsLogin::parse(&printed).or_else(usual)),
                    // It has no such command.
                    Err(ServerFailure::Git(GitError::Server { .. })) => Ok(usual()),
                    Err(failure) => Err(self.server_error(url, failure)),
                }
            }
            _ => Ok(usual()),
        }
    }

    /// Whether the attributes of a commit that was fetched name Git LFS.
    pub(crate) fn names_lfs(&self, commit: &str) -> Result<bool, SourceError> {
        let named = names_lfs(&self.open(commit)?, commit);
        named.map_err(|error| self.git_error(self.resolved(), error))
    }

    pub(crate) fn git_error(&self, url: &str, error: GitError) -> SourceError {
        SourceError::Git { name: self.name.clone(), url: without_password(url), error }
    }

    fn server_error(&self, url: &str, failure: ServerFailure) -> SourceError {
        match failure {
            ServerFailure::Git(error) => self.git_error(url, error),
            ServerFailure::Connection(Failure::Disk(error), _) => {
                self.git_error(url, self.mirror.cannot_write(error))
            }
            ServerFailure::Connection(failure, attempts) => failure.explain(&self.name, url, attempts),
        }
    }
}
