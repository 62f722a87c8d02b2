//! The contract of a source kind.

use std::fmt::Debug;

use spec_model::{Digest, FilePosition, Node, NodeKind, UniqueKey, Value};

use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source_info::SourceInfo;

/// A configured source. What a kind does not say holds for files that are on this machine: there is no ref, and nothing to
/// fetch or track.
pub trait Source: Debug + Send + Sync {
    /// The name of the source, for messages.
    fn name(&self) -> &SourceName;

    /// What the source contributes to cache keys, as BuildStream's plugin of that kind does; `None` without a ref.
    ///
    /// # Errors
    /// When local files cannot be read.
    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError>;

    /// The ref in the configuration, or the one that was set later.
    fn reference(&self) -> Option<Value> {
        None
    }

    /// Replaces the ref by one that [`track`](Self::track) found.
    ///
    /// # Errors
    /// When it is none of this kind, which would be a fault of `track`.
    fn set_ref(&mut self, _reference: &Node) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether nothing has to be fetched. As for BuildStream, a `file:` URL has to be.
    fn is_cached(&self) -> bool {
        true
    }

    /// Finds errors before anything is downloaded.
    ///
    /// # Errors
    /// `missing-ref`, `invalid-ref`, `invalid-source-url`.
    fn check(&self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Downloads the file, so that it can be staged.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), `download-failed`, `download-refused`, `wrong-ref`, `cancelled`.
    fn fetch(&self, _monitor: &FetchMonitor) -> Result<(), SourceError> {
        Ok(())
    }

    /// Whether tracking looks at what the sources before it staged, so that it cannot be the first.
    fn tracks_previous(&self) -> bool {
        false
    }

    /// Finds a new ref; `None` for kinds that have none. Changes nothing. `previous` are the sources before it.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    fn track(
        &self,
        _previous: &dyn PreviousSources,
        _monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        Ok(None)
    }

    /// Puts the source's files into the store and answers with the root of their tree.
    ///
    /// # Errors
    /// `source-not-fetched`, `wrong-ref`, or what is wrong with the files.
    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError>;

    /// Whether it changes what the sources before it staged. If so, [`stage_onto`](Self::stage_onto) is called instead
    /// of [`stage`](Self::stage).
    fn changes_previous(&self) -> bool {
        false
    }

    /// Changes the tree that the sources before it made of its directory, and answers with the root of the new one.
    ///
    /// # Errors
    /// As [`stage`](Self::stage).
    fn stage_onto(&self, _previous: Digest, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.stage(monitor)
    }

    /// The commit of the submodule at a path below the sources, for sources that are git repositories.
    ///
    /// # Errors
    /// When the repository cannot be read.
    fn submodule_commit(&self, _path: &str) -> Result<Option<String>, SourceError> {
        Ok(None)
    }

    /// Where its files come from. None for kinds that do not say it, and for most of those that have no ref yet.
    ///
    /// # Errors
    /// When local files cannot be read, or the pattern of versions is wrong.
    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        Ok(Vec::new())
    }

    /// Warnings about the configuration.
    fn warnings(&self) -> Vec<SourceWarning> {
        Vec::new()
    }
}

/// The sources before one of the same element, fetched when they are needed.
pub trait PreviousSources {
    /// The root of the tree that they made of the directory of the source.
    ///
    /// # Errors
    /// When they cannot be fetched or staged.
    fn tree(&self) -> Result<Digest, SourceError>;

    /// The commit of the submodule at a path below the sources of the element, if one of them is a git repository that has it.
    ///
    /// # Errors
    /// When they cannot be fetched.
    fn submodule_commit(&self, path: &str) -> Result<Option<String>, SourceError>;
}

/// The outcome of tracking.
#[derive(Clone, Debug)]
pub struct TrackedRef {
    /// The ref before.
    pub old: Option<Value>,
    /// The ref to write into the configuration.
    pub new: Node,
    /// Whether the entries of the ref are settings of the source, instead of entries of `ref`.
    are_settings: bool,
}

impl TrackedRef {
    /// A ref for the setting `ref`.
    pub(crate) fn new(old: Option<Value>, new: impl Into<Node>) -> Self {
        Self { old, new: new.into(), are_settings: false }
    }

    /// A ref of one text.
    pub(crate) fn text(old: Option<Value>, new: String) -> Self {
        Self::new(old, Node::text(new))
    }

    /// A ref whose entries are settings of the source.
    pub(crate) fn in_settings(old: Option<Value>, new: impl Into<Node>) -> Self {
        Self { are_settings: true, ..Self::new(old, new) }
    }

    /// Whether the ref differs.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.old.as_ref() != Some(&self.new.to_value())
    }

    /// The settings of the source that change, in the order to write them in.
    #[must_use]
    pub fn settings(&self) -> Vec<(&str, &Node)> {
        match &self.new.kind {
            NodeKind::Mapping(settings) if self.are_settings => {
                settings.entries.iter().map(|(key, value)| (&**key, value)).collect()
            }
            _ => vec![("ref", &self.new)],
        }
    }
}

/// A warning that a project can make fatal by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceWarning {
    /// The name in project.conf's `fatal-warnings`.
    pub token: &'static str,
    /// For people.
    pub message: String,
    /// The place in the configuration.
    pub position: Option<FilePosition>,
}
