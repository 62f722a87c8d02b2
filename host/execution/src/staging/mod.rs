//! How trees become layers of a sandbox's root on this machine.
//!
//! There are three ways, which are tried once in a process, the best first; that the best works is kept for other processes:
//!
//! - *images*: for real root, on Linux 6.15 or newer. A tree becomes an image of its metadata, whose files find their
//!   contents in the store. Folders of layers can be renamed.
//! - *metacopy folders*: for everybody, on Linux 6.16 or newer. A tree becomes a folder of empty files, in memory if there
//!   is some, that find their contents in the store. Folders of layers cannot be renamed in one step.
//! - *copies*: everywhere. A tree becomes a folder with files of its own, which share blocks with the store where the
//!   file system can. Folders of layers cannot be renamed in one step.
//!
//! Whatever the way, every path has an inode, a mode and a link count of its own.

mod layers;
mod staged_root;
mod support;

pub(crate) use staged_root::{StagedRoot, TmpDirectory};
pub use support::LayerSupport;
pub(crate) use support::{can_rename_folders, stage_layers};
