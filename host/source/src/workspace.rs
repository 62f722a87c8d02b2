//! The kind `workspace`: a folder of the user, from which an element is built instead of from its sources. No project can declare it.

use std::path::PathBuf;

use spec_model::{Digest, Mapping, UniqueKey};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::local::LocalSource;
use crate::monitor::FetchMonitor;
use crate::source::Source;
use crate::source_info::SourceInfo;

/// The files of a workspace with their times, which incremental builds need. They are part of the unique key, as in BuildStream.
#[derive(Debug)]
pub(crate) struct WorkspaceSource {
    folder: LocalSource,
    path: PathBuf,
}

impl WorkspaceSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let path = PathBuf::from(config.str("path")?);
        let folder = LocalSource::at(name, context.cas.clone().with_times(), path.clone());
        Ok(Self { folder, path })
    }
}

impl Source for WorkspaceSource {
    fn name(&self) -> &SourceName {
        self.folder.name()
    }

    /// None while the folder is gone.
    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        if self.path.is_dir() { self.folder.unique_key() } else { Ok(None) }
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        if self.path.is_dir() { Ok(vec![self.folder.info("workspace")?]) } else { Ok(Vec::new()) }
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.folder.stage(monitor)
    }
}
