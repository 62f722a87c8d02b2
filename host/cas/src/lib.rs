//! The content-addressed store: blobs, Merkle trees, checkouts, and small named records.
//!
//! [`Cas`] is the store; it blocks, is cheap to clone, and is shared by threads and processes. Its methods are
//! grouped by file: blobs (`store`, `read`, `writer`), trees (`tree`, [`TreeBuilder`], `capture`, `merge`, `diff`),
//! folders on disk (`checkout`), layers of overlays (`tree_cache`, `image`, `marked`), whole trees (`complete`, `whole`), records ([`Refs`]) and
//! results of actions ([`ActionCache`]). `evict` keeps all of it small, except for what a [`Hold`] covers.
//!
//! The crate knows nothing of elements, networks or sandboxes; it names things by digest and path.

mod action_cache;
#[cfg(test)]
mod as_user;
mod builder;
mod capture;
mod checkout;
mod codec;
mod complete;
mod damage;
mod damaged_files;
mod destination;
mod diff;
mod direct;
mod directory_cache;
mod error;
mod estimate;
mod evict;
mod export;
mod folder_remover;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hold;
mod host_folder;
mod image;
mod kept;
mod layout;
mod limits;
mod lock;
mod marked;
mod merge;
mod overlay_marks;
mod read;
mod refs;
mod removal;
mod roll;
#[cfg(test)]
mod sample;
mod scan;
mod scratch;
mod seen;
mod size;
mod sparse;
mod store;
mod survey;
mod temp;
mod tree;
mod tree_cache;
mod usage;
mod whole;
mod writer;
mod written;

pub use action_cache::ActionCache;
pub use builder::{Batch as DirectoryBatch, TreeBuilder};
pub use capture::Captured;
pub use damage::Verified;
pub use destination::{Destination, DestinationError};
pub use diff::Change;
pub use error::{CasError, Result};
pub use evict::{Evicted, Need, NeedsOf, Quota};
pub use hold::Hold;
pub use layout::MTIME;
pub use limits::Limits;
pub use merge::{Layer, Merged, Merging, Noticed, Origins, PathFilter};
pub use overlay_marks::{LowerPart, OverlayMarks, Upper};
pub use refs::Refs;
pub use scan::SpecialFile;
pub use scratch::{ScratchArea, ScratchDir};
pub use seen::Seen;
pub use size::Totals;
pub use store::Cas;
pub use survey::Survey;
pub use tree::{Entry, EntryRef, Walk, decode_directory};
pub use tree_cache::{LayerCache, LayerForm, LayerGuard};
pub use writer::{BlobWriter, Take};
pub use written::{Written, WrittenEntry, WrittenKind};
