//! The crates of a ref, and their files.

use std::sync::Arc;

use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, Value};

use super::git_crate::{GitCrate, StagedCommits};
use crate::archive::ArchivePart;
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::download::DownloadableFile;
use crate::error::SourceError;
use crate::monitor::FetchMonitor;
use crate::source_info::SourceInfo;

/// Which of the two kinds it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CargoKind {
    Cargo,
    /// Crates may also come from git repositories.
    Cargo2,
}

/// A crate of the ref.
#[derive(Debug)]
pub(super) struct VendoredCrate {
    pub(super) name: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) origin: CrateOrigin,
}

#[derive(Debug)]
pub(super) enum CrateOrigin {
    /// A file of a registry, by its SHA-256, and where that is written; `None` without it.
    Registry(Option<(Arc<str>, Option<FilePosition>)>),
    /// A commit of a git repository, with the query of its URL.
    Git { repo: String, commit: String, query: Vec<(String, String)> },
}

impl VendoredCrate {
    /// The crate of an entry of a ref.
    pub(super) fn of_node(node: &Node, kind: CargoKind) -> Result<Self, NodeError> {
        let entry = node.as_mapping()?;
        let (name, version) = (entry.require("name")?.shared_str()?, entry.require("version")?.shared_str()?);
        let origin = match kind == CargoKind::Cargo2 && entry.opt_str("kind")? == Some("git") {
            true => git_origin(entry)?,
            false => {
                let sha = entry.get("sha");
                let sha = sha.map(|sha| Ok::<_, NodeError>((sha.shared_str()?, sha.position.clone())));
                CrateOrigin::Registry(sha.transpose()?)
            }
        };
        let found = Self { name, version, origin };
        if found.is_resolved() {
            check_file_name(node, [&found.name, &found.version])?;
        }
        Ok(found)
    }

    pub(super) fn is_resolved(&self) -> bool {
        !matches!(self.origin, CrateOrigin::Registry(None))
    }

    pub(super) fn value(&self, kind: CargoKind) -> Value {
        let text = |text: &str| Value::from(text);
        let mut entries = vec![("name", text(&self.name)), ("version", text(&self.version))];
        match &self.origin {
            CrateOrigin::Registry(sha) => {
                entries.push(("sha", sha.as_ref().map_or(Value::Null, |(sha, _)| text(sha))));
                if kind == CargoKind::Cargo2 {
                    entries.push(("kind", text("registry")));
                }
            }
            CrateOrigin::Git { repo, commit, query } => {
                entries.extend([("kind", text("git")), ("repo", text(repo)), ("commit", text(commit))]);
                if !query.is_empty() {
                    let query = query.iter().map(|(key, value)| (key.as_str(), text(value)));
                    entries.push(("query", Value::map(query)));
                }
            }
        }
        Value::map(entries)
    }

    /// The name of the folder of a crate of git, which is that of an archive, too.
    pub(super) fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

fn git_origin(entry: &Mapping) -> Result<CrateOrigin, NodeError> {
    let query = entry.opt_mapping("query")?;
    let query = query.into_iter().flat_map(|query| &query.entries);
    let query = query.map(|(key, value)| Ok((key.to_string(), value.as_str()?.to_owned())));
    let query = query.collect::<Result<_, NodeError>>()?;
    let (repo, commit) = (entry.str("repo")?.to_owned(), entry.str("commit")?.to_owned());
    Ok(CrateOrigin::Git { repo, commit, query })
}

/// Checks that the name and the version of a crate can be in the name of its file.
pub(super) fn check_file_name(node: &Node, parts: [&str; 2]) -> Result<(), NodeError> {
    if parts.iter().any(|text| matches!(*text, "" | "." | "..") || text.contains('/')) {
        return Err(node.expected("a crate whose name and version are parts of a file name"));
    }
    Ok(())
}

/// The files of a crate, where they come from.
#[derive(Debug)]
pub(super) enum CrateFiles {
    Archive(Box<DownloadableFile>),
    Git(Box<GitCrate>),
}

impl CrateFiles {
    pub(super) fn is_cached(&self) -> bool {
        match self {
            Self::Archive(file) => file.is_cached(),
            Self::Git(found) => found.is_cached(),
        }
    }

    pub(super) fn check(&self) -> Result<(), SourceError> {
        match self {
            Self::Archive(file) => file.check(),
            Self::Git(found) => found.check(),
        }
    }

    pub(super) fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        match self {
            Self::Archive(file) => file.fetch(monitor),
            Self::Git(found) => found.fetch(monitor),
        }
    }

    /// The tree of the files: of an archive with its outermost folder, of a commit that of the crate.
    pub(super) fn stage(
        &self,
        context: &SourceContext,
        staged: &mut StagedCommits,
        monitor: &FetchMonitor,
    ) -> Result<Digest, SourceError> {
        match self {
            Self::Archive(file) => {
                let cas = context.cas.clone().with_cancel(&monitor.cancel);
                let part = ArchivePart::BaseDir("");
                stage_archive(file, ArchiveFormat::Tar, part, &cas, context.limits, monitor)
            }
            Self::Git(found) => found.stage(staged, monitor),
        }
    }

    /// Where they come from, as `cargo` and `cargo2` tell it.
    pub(super) fn info(&self, vendored: &VendoredCrate, kind: CargoKind) -> Option<SourceInfo> {
        let version = Some(vendored.version.to_string());
        match (self, &vendored.origin) {
            (Self::Archive(file), CrateOrigin::Registry(Some((sha, _)))) => {
                let ecosystem = (kind == CargoKind::Cargo2).then_some("crates.io");
                Some(SourceInfo::remote_file(&file.url.resolved, sha, version).with("ecosystem", ecosystem))
            }
            (Self::Git(found), CrateOrigin::Git { commit, .. }) => Some(
                SourceInfo::git(found.url(), commit, version)
                    .with("crate-name", Some(&*vendored.name))
                    .with("ecosystem", Some("GIT")),
            ),
            _ => None,
        }
    }
}
