//! The data of a project and of a source that source kinds need.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use spec_cas::Cas;
use spec_model::{FilePosition, Mapping, PluginOrigin};

use crate::archive::ArchiveLimits;
use crate::http_options::HttpOptions;
use crate::local_files::LocalFiles;
use crate::ssh_options::SshOptions;
use crate::url::{Alias, AliasRefusal};

type AliasResolver = dyn Fn(&str) -> Result<Option<Alias>, AliasRefusal> + Send + Sync;

/// The data that all sources of a project share.
#[derive(Clone)]
pub struct SourceContext {
    /// The folder of project.conf; `local` paths are below it.
    pub project_directory: PathBuf,
    /// The folder of downloads, BuildStream's `sourcedir`: both tools can share it.
    pub download_directory: PathBuf,
    /// The store of staged trees.
    pub cas: Cas,
    /// The limits on archives.
    pub limits: ArchiveLimits,
    /// How to download.
    pub http: Arc<HttpOptions>,
    /// How to reach git repositories over ssh.
    pub ssh: Arc<SshOptions>,
    /// The files of the project that sources of kind `local` stage.
    pub local_files: Arc<LocalFiles>,
    aliases: Arc<AliasResolver>,
}

impl SourceContext {
    /// The context of the project in `project_directory`, with default limits. `aliases` looks an alias up.
    #[must_use]
    pub fn new(
        project_directory: impl Into<PathBuf>,
        download_directory: impl Into<PathBuf>,
        cas: Cas,
        aliases: impl Fn(&str) -> Result<Option<Alias>, AliasRefusal> + Send + Sync + 'static,
    ) -> Self {
        let project_directory = project_directory.into();
        Self {
            local_files: Arc::new(LocalFiles::of_project(&project_directory)),
            project_directory,
            download_directory: download_directory.into(),
            cas,
            limits: ArchiveLimits::default(),
            http: Arc::default(),
            ssh: Arc::default(),
            aliases: Arc::new(aliases),
        }
    }

    pub(crate) fn alias(&self, name: &str) -> Result<Option<Alias>, AliasRefusal> {
        (self.aliases)(name)
    }
}

impl fmt::Debug for SourceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceContext({})", self.project_directory.display())
    }
}

/// One source as an element declares it.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// The name of its kind.
    pub kind: String,
    /// Where the project takes the kind from.
    pub origin: PluginOrigin,
    /// Where the kind is named.
    pub position: Option<FilePosition>,
    /// The folder to stage it in, below the element's sources; `None` for their root.
    pub directory: Option<String>,
    /// Its configuration: the kind's defaults composed with the element's, variables expanded. The keys common to
    /// all sources (`kind`, `directory`, `provenance`) may be left in.
    pub config: Mapping,
}
