//! Stages a commit of a repository: its files, and a small repository beside them in which `git describe` works.

use spec_cas::Cas;
use spec_model::Digest;

use super::attributes::AttributeRules;
use super::dot_git::{TagToStage, dot_git, dot_git_of_tags};
use super::git_ref::GitRef;
use super::objects::oid;
use super::remote_repository::RemoteRepository;
use super::stage_tree::{StageError, stage_tree};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::tree_at::with_tree_at;

/// A place where commits are staged.
pub(crate) struct StagedRepository<'s> {
    pub(crate) name: &'s SourceName,
    pub(crate) cas: &'s Cas,
    pub(crate) monitor: &'s FetchMonitor,
    pub(crate) rules: AttributeRules,
}

impl StagedRepository<'_> {
    /// The files of a commit that was fetched.
    pub(crate) fn files(&self, repository: &RemoteRepository, commit: &str) -> Result<Digest, SourceError> {
        let objects = repository.open(commit)?;
        let cas = self.cas.clone().with_cancel(&self.monitor.cancel);
        let lfs = (self.rules == AttributeRules::Git { lfs: true }).then(|| repository.lfs_objects());
        let staged = objects
            .reader()
            .and_then(|reader| reader.commit(oid(commit)?))
            .map_err(StageError::Git)
            .and_then(|commit| {
                stage_tree(&objects, commit.tree, self.rules, lfs.as_ref(), &cas, &self.monitor.cancel)
            });
        staged.map_err(|error| self.explain(repository, error))
    }

    /// The files of a commit, and a repository of the commits since its tag, without the contents of files.
    pub(super) fn files_and_git(
        &self,
        repository: &RemoteRepository,
        git_ref: &GitRef,
    ) -> Result<Digest, SourceError> {
        let files = self.files(repository, &git_ref.commit)?;
        self.with_git(files, repository, git_ref)
    }

    /// The files of a commit, to which that repository is added.
    pub(crate) fn with_git(
        &self,
        files: Digest,
        repository: &RemoteRepository,
        git_ref: &GitRef,
    ) -> Result<Digest, SourceError> {
        let objects = repository.open(&git_ref.commit)?;
        let tag = match &git_ref.tag {
            None => None,
            Some((tag, _)) => {
                let refs = repository.fetched_refs(&git_ref.commit)?;
                let full = format!("refs/tags/{tag}");
                let found = refs.into_iter().find(|found| found.name == full);
                Some(found.ok_or_else(|| SourceError::NotFetched { name: self.name.clone() })?)
            }
        };
        let git = dot_git(&objects, &git_ref.commit, tag.as_ref(), self.cas);
        let git = git.map_err(|error| self.explain(repository, error))?;
        self.with_tree(files, ".git", git)
    }

    /// The tree of nothing.
    pub(crate) fn empty(&self) -> Result<Digest, SourceError> {
        let empty = self.cas.store_directory(&spec_model::tree::Directory::default());
        empty.map_err(|error| self.name.cas_error(error))
    }

    /// A repository with the commits since tags, and the tags.
    pub(super) fn history(
        &self,
        repository: &RemoteRepository,
        commit: &str,
        tags: &[TagToStage<'_>],
    ) -> Result<Digest, SourceError> {
        let objects = repository.open(commit)?;
        dot_git_of_tags(&objects, commit, tags, self.cas).map_err(|error| self.explain(repository, error))
    }

    /// A tree with another at a path.
    pub(crate) fn with_tree(&self, root: Digest, path: &str, tree: Digest) -> Result<Digest, SourceError> {
        with_tree_at(self.cas, &root, path, tree).map_err(|error| self.name.cas_error(error))
    }

    fn explain(&self, repository: &RemoteRepository, error: StageError) -> SourceError {
        match error {
            StageError::Git(error) => repository.git_error(repository.resolved(), error),
            StageError::Cas(error) => self.name.cas_error(error),
            StageError::Cancelled => SourceError::Cancelled { name: self.name.clone() },
        }
    }
}
