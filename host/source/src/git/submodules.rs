//! The submodules of a commit: which there are, where they come from, and which of them are wanted.

use std::collections::BTreeMap;

use git2::Oid;
use spec_model::{Mapping, NodeError, Value};

use super::git_ref::WantedHistory;
use super::gitmodules::{ModuleEntry, parse_gitmodules};
use super::objects::{GitEntryKind, GitObjects, ObjectReader, oid};
use super::remote_repository::RemoteRepository;
use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::git_error::GitError;
use crate::monitor::FetchMonitor;
use crate::source_url::SourceUrl;
use crate::url::directory_name;

/// Bytes of a `.gitmodules`. Real ones have thousands.
const LARGEST_GITMODULES: u64 = 4 << 20;
/// The levels of submodules in submodules: one that contains itself must end.
const DEEPEST: u32 = 16;

/// What a source says of submodules.
#[derive(Clone, Debug)]
pub(crate) struct SubmoduleSettings {
    checkout: bool,
    /// The URL for the submodule at a path, if one is given.
    urls: BTreeMap<String, Option<String>>,
    checkouts: BTreeMap<String, bool>,
    config: Mapping,
}

impl SubmoduleSettings {
    pub(crate) fn configure(config: &Mapping) -> Result<Self, NodeError> {
        let modules = config.opt_mapping("submodules")?.cloned().unwrap_or_default();
        let (mut urls, mut checkouts) = (BTreeMap::new(), BTreeMap::new());
        for (path, node) in &modules.entries {
            let module = node.as_mapping()?;
            urls.insert(path.to_string(), module.opt_str("url")?.map(str::to_owned));
            if let Some(node) = module.get("checkout") {
                checkouts.insert(path.to_string(), node.as_bool()?);
            }
        }
        Ok(Self { checkout: config.bool_or("checkout-submodules", true)?, urls, checkouts, config: modules })
    }

    /// Checks the aliases of the URLs that are given.
    pub(crate) fn check_urls(
        &self,
        name: &SourceName,
        context: &SourceContext,
    ) -> Result<Vec<SourceUrl>, SourceError> {
        let modules = self.config.entries.values().filter_map(|node| node.as_mapping().ok()?.get("url"));
        modules.map(|node| SourceUrl::of_node(name, context, node)).collect()
    }

    /// Adds the settings to a unique key, as BuildStream's plugins do.
    pub(crate) fn append_to(&self, key: &mut Vec<Value>) {
        if !self.checkout {
            key.push(Value::map([("checkout_submodules", Value::Bool(false))]));
        }
        if !self.urls.is_empty() {
            let url = |url: &Option<String>| url.as_deref().map_or(Value::Null, Value::from);
            key.push(Value::map(self.urls.iter().map(|(path, given)| (path.as_str(), url(given)))));
        }
        if !self.checkouts.is_empty() {
            let checkouts =
                self.checkouts.iter().map(|(path, checkout)| (path.as_str(), Value::Bool(*checkout)));
            key.push(Value::map([("submodule_checkout_overrides", Value::map(checkouts))]));
        }
    }

    fn is_wanted(&self, path: &str) -> bool {
        self.checkouts.get(path).copied().unwrap_or(self.checkout)
    }

    fn url(&self, path: &str) -> Option<&str> {
        self.urls.get(path)?.as_deref()
    }

    /// Tells of submodules that only the source or only the repository has.
    fn warn_of(&self, found: &[String], name: &SourceName, monitor: &FetchMonitor) {
        for path in found.iter().filter(|path| self.is_wanted(path) && !self.urls.contains_key(*path)) {
            let text = format!("{name}: the submodule '{path}' is not among the source's 'submodules'");
            monitor.warn("git:unlisted-submodule", &text);
        }
        for path in self.urls.keys().filter(|path| !found.contains(path)) {
            let text = format!("{name}: the repository has no submodule '{path}'");
            monitor.warn("git:invalid-submodule", &text);
        }
    }
}

/// A submodule of a commit.
struct Submodule {
    path: String,
    url: Option<String>,
    commit: String,
}

/// The submodules of a commit. Those that `.gitmodules` names and the commit does not have are passed to `missing`.
fn submodules(
    reader: &ObjectReader<'_>,
    commit: Oid,
    missing: &mut dyn FnMut(&str),
) -> Result<Vec<Submodule>, GitError> {
    let Some(entry) = reader.entry(commit, ".gitmodules")? else { return Ok(Vec::new()) };
    if !matches!(entry.kind, GitEntryKind::File { .. }) {
        return Ok(Vec::new());
    }
    if reader.size(entry.id)? > LARGEST_GITMODULES {
        return Err(GitError::TooLarge { limit: format!("{LARGEST_GITMODULES} bytes in .gitmodules") });
    }
    let file = reader.blob(entry.id)?;
    let mut found = Vec::new();
    for ModuleEntry { path, url } in parse_gitmodules(&String::from_utf8_lossy(file.data())) {
        match reader.entry(commit, &path)? {
            Some(entry) if entry.kind == GitEntryKind::Submodule => {
                found.push(Submodule { path, url, commit: entry.id.to_string() });
            }
            _ => missing(&path),
        }
    }
    Ok(found)
}

/// The commit of the submodule at a path.
pub(super) fn submodule_commit(
    objects: &GitObjects,
    commit: &str,
    path: &str,
) -> Result<Option<String>, GitError> {
    let entry = objects.reader()?.entry(oid(commit)?, path)?;
    Ok(entry.filter(|entry| entry.kind == GitEntryKind::Submodule).map(|entry| entry.id.to_string()))
}

/// Goes through the submodules of a repository that are wanted.
pub(super) struct SubmoduleWalk<'w> {
    pub(super) name: &'w SourceName,
    pub(super) context: &'w SourceContext,
    pub(super) settings: &'w SubmoduleSettings,
    /// Whether submodules of submodules are wanted too.
    pub(super) recursive: bool,
    pub(super) monitor: &'w FetchMonitor,
}

/// What is done with a submodule at a path.
pub(super) type VisitSubmodule<'v> =
    &'v mut dyn FnMut(&str, &RemoteRepository, &str) -> Result<(), SourceError>;

impl SubmoduleWalk<'_> {
    /// Calls `visit` for each, outer ones first. It must fetch them for those inside to be found.
    pub(super) fn visit(
        &self,
        repository: &RemoteRepository,
        commit: &str,
        visit: VisitSubmodule<'_>,
    ) -> Result<(), SourceError> {
        let mut paths = Vec::new();
        self.below(repository, commit, "", 0, &mut |path, repository, commit| {
            paths.push(path.to_owned());
            visit(path, repository, commit)
        })?;
        self.settings.warn_of(&paths, self.name, self.monitor);
        Ok(())
    }

    fn below(
        &self,
        repository: &RemoteRepository,
        commit: &str,
        prefix: &str,
        depth: u32,
        visit: VisitSubmodule<'_>,
    ) -> Result<(), SourceError> {
        let objects = repository.open(commit)?;
        let git = |error| repository.git_error(repository.resolved(), error);
        let mut missing = |path: &str| {
            let text =
                format!("{}: .gitmodules names '{path}', which is no submodule of the commit", self.name);
            self.monitor.warn("git:inconsistent-submodule", &text);
        };
        let found = objects.reader().and_then(|reader| submodules(&reader, oid(commit)?, &mut missing));
        for Submodule { path, url, commit } in found.map_err(git)? {
            let full = format!("{prefix}{path}");
            if !self.settings.is_wanted(&full) {
                continue;
            }
            if depth >= DEEPEST {
                return Err(git(GitError::Submodule {
                    path: full,
                    why: format!("is {DEEPEST} levels deep"),
                }));
            }
            let written = match (self.settings.url(&full), url) {
                (Some(given), _) => given.to_owned(),
                (None, Some(url)) => resolve_url(repository.written(), &url),
                (None, None) => {
                    let why = "has no url in .gitmodules".to_owned();
                    return Err(git(GitError::Submodule { path: full, why }));
                }
            };
            let url = SourceUrl::of_submodule(self.name, self.context, &written)?;
            let mirror = self.context.download_directory.join(self.name.kind).join(directory_name(&written));
            let inner = RemoteRepository::new(self.name, self.context, &url, mirror);
            visit(&full, &inner, &commit)?;
            if self.recursive {
                self.below(&inner, &commit, &format!("{full}/"), depth + 1, visit)?;
            }
        }
        Ok(())
    }
}

/// Fetches one submodule.
pub(super) fn fetch_submodule(
    repository: &RemoteRepository,
    commit: &str,
    monitor: &FetchMonitor,
) -> Result<(), SourceError> {
    repository.check()?;
    repository.fetch(commit, &WantedHistory::None, monitor)
}

/// The URL of a submodule. `./` and `../` count from the URL of the repository that has it.
fn resolve_url(base: &str, url: &str) -> String {
    if !(url.starts_with("./") || url.starts_with("../")) {
        return url.to_owned();
    }
    let (mut base, mut rest) = (base.trim_end_matches('/'), url);
    loop {
        if let Some(after) = rest.strip_prefix("../") {
            let end = base.rfind('/').or_else(|| base.rfind(':').map(|at| at + 1)).unwrap_or(0);
            (base, rest) = (&base[..end], after);
        } else if let Some(after) = rest.strip_prefix("./") {
            rest = after;
        } else {
            break;
        }
    }
    if base.ends_with(':') { format!("{base}{rest}") } else { format!("{base}/{rest}") }
}

#[cfg(test)]
mod tests;
