//! The kinds `patch` and `patch_queue`: patches of the project, applied to what the sources before them staged.

mod apply;
mod file_names;
mod match_hunks;
mod patch_source;
mod patched_tree;
mod unified_diff;

pub(crate) use patch_source::{PatchQueueSource, PatchSource};

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use spec_cas::Cas;
    use spec_model::Digest;

    use super::apply::apply_patch;
    use super::match_hunks::ApplyRules;
    use super::patched_tree::PatchedTree;
    use crate::patch_error::PatchError;

    /// A tree with a patch applied, by the rules of GNU patch with so many directories stripped, or by those of git.
    ///
    /// # Errors
    /// What is wrong with the patch.
    pub fn apply(cas: &Cas, root: Digest, patch: &[u8], strip: Option<usize>) -> Result<Digest, PatchError> {
        let rules = strip.map_or(ApplyRules::Git, |strip| ApplyRules::GnuPatch { strip });
        let mut tree = PatchedTree::new(cas, root);
        apply_patch(&mut tree, patch, rules)?;
        Ok(tree.store()?)
    }
}
