//! Sources: configured, fetched, tracked and staged into the store as Merkle trees.
//!
//! Keys and trees are BuildStream 2.8's, and so is the layout of the download folder, so that both tools can share
//! caches. This crate does not read YAML: it gets the composed configuration of a source as nodes with places.

mod anitya;
mod archive;
mod archive_source;
mod cargo;
mod context;
mod cpan_index;
mod declared_version;
mod docker;
mod download;
mod element;
mod error;
mod fnmatch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gen_cargo_lock;
mod git;
mod git_error;
mod hashing_reader;
mod http_options;
mod index_error;
mod known_packages;
mod known_plugins;
mod local;
mod local_files;
mod monitor;
mod origin;
mod patch_error;
mod patches;
mod pip;
mod previous_file;
mod project_path;
mod pypi_index;
mod released_file;
mod remote;
mod simple_index;
mod source;
mod source_cache;
mod source_info;
mod source_kinds;
mod source_url;
mod ssh_options;
mod text_ref;
mod tree_at;
mod url;
mod url_attempts;
mod workspace;

pub use archive::{ArchiveError, ArchiveLimits};
pub use context::{SourceContext, SourceSpec};
pub use download::download_file;
pub use element::{ElementSources, record_needs, staged_tree};
pub use error::{SourceError, SourceName};
pub use git_error::GitError;
pub use http_options::{HttpOptions, Proxies};
pub use index_error::IndexError;
pub use local::local_path;
pub use local_files::LocalFiles;
pub use monitor::FetchMonitor;
pub use patch_error::PatchError;
pub use source::{PreviousSources, Source, SourceWarning, TrackedRef};
pub use source_cache::SourceCache;
pub use source_info::SourceInfo;
pub use ssh_options::{SshOptions, SshProgram};
pub use url::{Alias, AliasRefusal, secret_login};
