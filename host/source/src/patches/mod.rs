//! The kinds `patch` and `patch_queue`: patches of the project, applied to what the sources before them staged.

mod apply;
mod file_names;
mod match_hunks;
mod patch_source;
mod patched_tree;
mod unified_diff;

pub(crate) use patch_source::{PatchQueueSource, PatchSource};
