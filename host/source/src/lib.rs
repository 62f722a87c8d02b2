//! Sources: configured, fetched, tracked and staged into the store as Merkle trees.
//!
//! Keys and trees are BuildStream 2.8's, and so is the layout of the download folder, so that both tools can share
//! caches. This room knows no YAML: it gets a source's configuration composed, with its places.

mod archive;
mod context;
mod download;
mod element;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod local;
mod remote;
mod source;
mod stream;
mod tar;
mod url;
mod watch;

pub use archive::{ArchiveError, ArchiveLimits};
pub use context::{HttpOptions, SourceContext, SourceSpec};
pub use download::Proxies;
pub use element::{ElementSources, record_needs, staged_tree};
pub use error::{SourceError, SourceName};
pub use source::{Source, SourceWarning, Tracked, create};
pub use url::Alias;
pub use watch::Watch;
