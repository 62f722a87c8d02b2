//! The content-addressed store: blobs, Merkle trees, checkouts, and small named records.
//!
//! [`Cas`] is the store; it blocks, is cheap to clone, and is shared by threads and processes. Its methods are
//! grouped by file: blobs (`store`, `read`, `writer`), trees (`tree`, [`TreeBuilder`], `capture`, `merge`, `diff`),
//! folders on disk (`checkout`, `export`), layers of overlays (`layer_cache`, `image`, `metacopy_layer`), whole trees
//! (`completeness`, `tree_message`), records ([`Refs`]) and results of actions ([`ActionCache`]). `evict` removes
//! what was not used for the longest time, except for what a [`Hold`] covers. A handle may have
//! blobs that are elsewhere ([`BlobSource`]) and come when they are read.
//!
//! The crate knows nothing of elements, networks or sandboxes; it names things by digest and path.

mod action_cache;
mod apply_changes;
mod attributes;
mod blob_source;
mod boot_id;
mod builder;
mod capture;
mod checkout;
mod codec;
mod completeness;
mod damage;
mod damaged_files;
mod destination;
mod diff;
mod digested_folder;
mod direct_writer;
mod directory_cache;
mod dirfd;
mod elsewhere;
mod error;
mod evict;
mod existence_index;
mod export;
mod folder_remover;
mod found_layer_form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hold;
mod host_folder;
mod image;
mod layer_cache;
mod layout;
mod limits;
mod lock;
mod merge;
mod metacopy_layer;
mod overlay_xattrs;
mod read;
mod refs;
mod remove_tree;
mod replace_file;
mod resource_cache;
mod scan;
mod scratch;
mod sparse;
mod stat_cache;
mod store;
mod temp;
#[cfg(test)]
mod test_trees;
mod tree;
mod tree_message;
mod tree_size;
#[cfg(test)]
mod unprivileged_tests;
mod unpublished_blob;
mod upper_reader;
mod usage;
mod usage_estimate;
mod writer;

pub use action_cache::ActionCache;
pub use blob_source::BlobSource;
pub use builder::{DirectoryBatch, TreeBuilder};
pub use capture::CapturedTree;
pub use damage::VerifyReport;
pub use destination::Destination;
pub use diff::Change;
pub use digested_folder::DigestedFolder;
pub use error::{CasError, DestinationError, Result};
pub use evict::{EvictionReport, Need, NeedsOf, Quota};
pub use found_layer_form::FoundLayerForm;
pub use hold::Hold;
pub use layer_cache::{LayerCache, LayerGuard};
pub use layout::FIXED_MTIME;
pub use limits::Limits;
pub use merge::{MergeInput, MergedTree, Origins, OverlapReport, PathFilter, TreeMerger};
pub use overlay_xattrs::{LowerPart, OverlayXattrs, UpperDir};
pub use refs::Refs;
pub use scan::SpecialFile;
pub use scratch::{ScratchArea, ScratchDir};
pub use stat_cache::{SharedStatCache, StatCache};
pub use store::Cas;
pub use tree::{Entry, EntryRef, Walk, decode_directory};
pub use tree_size::TreeSize;
pub use upper_reader::{UpperEntry, UpperEntryKind, UpperReader};
pub use writer::{BlobWriter, ImportMode};
