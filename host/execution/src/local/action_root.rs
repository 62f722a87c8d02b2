//! The root of an action on disk.

use std::path::PathBuf;

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_sandbox::RootSpec;

use crate::error::ExecutionError;
use crate::local::graft::graft_through_symlinks;
use crate::local::merged_root::collision;
use crate::local::root_view::RootView;
use crate::local::scratch::{ScratchAllocator, ScratchMedium};
use crate::outcome::ActionError;
use crate::staging::{StagedRoot, TmpDirectory, can_rename_folders, stage_layers};

/// Input roots with at most so much in them are copied to where the action writes. Larger ones become a layer that is
/// kept for the next action.
#[derive(Clone, Copy, Debug)]
struct CopyLimit {
    entries: usize,
    bytes: u64,
}

/// Copying less is faster than making a layer of it, and leaves nothing.
const FASTER_THAN_LAYER: CopyLimit = CopyLimit { entries: 400, bytes: 4 << 20 };

/// Folders of layers cannot always be renamed. Then more is copied, as long as copying takes a fraction of a second.
const BEARABLE: CopyLimit = CopyLimit { entries: 5_000, bytes: 64 << 20 };

/// Layers, lowest first, and a folder for what is written.
#[derive(Debug)]
pub(crate) struct ActionRoot {
    root: StagedRoot,
    /// The trees of the layers, the highest first.
    below: Vec<Digest>,
    pub(crate) medium: ScratchMedium,
}

impl ActionRoot {
    /// Lays `input_root` over `chroot`.
    ///
    /// # Errors
    /// [`ActionError::Missing`] with everything that is missing of both.
    pub(crate) fn new(
        cas: &Cas,
        scratch: &ScratchAllocator,
        chroot: Option<&Digest>,
        input_root: &Digest,
        wanted: ScratchMedium,
    ) -> Result<Self, ActionError> {
        Self::lay(cas, scratch, chroot, input_root, wanted).map_err(|error| match error {
            ExecutionError::Cas(error @ (CasError::Missing { .. } | CasError::Corrupt { .. })) => {
                all_missing(cas, chroot, input_root, error)
            }
            ExecutionError::Cas(CasError::Collision { path, old, new }) => collision(&path, old, new),
            other => other.into(),
        })
    }

    fn lay(
        cas: &Cas,
        scratch: &ScratchAllocator,
        chroot: Option<&Digest>,
        input_root: &Digest,
        wanted: ScratchMedium,
    ) -> Result<Self, ExecutionError> {
        let input_root =
            &chroot.map_or(Ok(*input_root), |chroot| graft_through_symlinks(cas, chroot, input_root))?;
        let few = if can_rename_folders(cas) { FASTER_THAN_LAYER } else { BEARABLE };
        let is_few = is_few(cas, input_root, few)?;
        let layered = Some(*input_root).filter(|_| !is_few);
        let below: Vec<Digest> = layered.into_iter().chain(chroot.copied()).collect();
        let layers = stage_layers(cas, &below.iter().rev().copied().collect::<Vec<_>>())?;
        let (scratch, medium) = scratch.folder(wanted)?;
        if is_few {
            cas.checkout_into(input_root, &scratch.path().join("upper"))?;
        } else {
            scratch.folder("upper", 0o755)?;
        }
        Ok(Self { root: StagedRoot::new(layers, scratch, TmpDirectory::InRoot)?, below, medium })
    }

    /// A file of this name beside the root, on the same medium.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.beside(name)
    }

    /// The description of the root, in which `directories` (relative) are made.
    pub(crate) fn describe(
        &mut self,
        directories: impl Iterator<Item = String>,
    ) -> Result<RootSpec, ActionError> {
        let mut root = self.root.describe()?;
        root.directories.extend(directories.map(|path| PathBuf::from("/").join(path)));
        Ok(root)
    }

    /// What is there after the command.
    pub(crate) fn view<'a>(&self, cas: &'a Cas) -> Result<RootView<'a>, ActionError> {
        RootView::new(cas, &self.upper(), self.root.xattrs(), self.below.clone())
    }

    /// Where the command writes.
    pub(crate) fn upper(&self) -> PathBuf {
        self.root.upper()
    }
}

fn all_missing(cas: &Cas, chroot: Option<&Digest>, input_root: &Digest, error: CasError) -> ActionError {
    let mut digests = Vec::new();
    for tree in chroot.into_iter().chain([input_root]) {
        match cas.missing_of_tree(tree) {
            Ok(missing) => digests.extend(missing),
            Err(error) => return error.into(),
        }
    }
    digests.sort_unstable();
    digests.dedup();
    // Another client may have brought it just now; then the first error has to do.
    if digests.is_empty() { error.into() } else { ActionError::Missing { digests } }
}

/// Whether a tree has no more than that. Reads no more of it than it takes to tell.
fn is_few(cas: &Cas, root: &Digest, few: CopyLimit) -> Result<bool, CasError> {
    let (mut entries, mut bytes, mut open) = (0, 0, vec![*root]);
    while let Some(digest) = open.pop() {
        let directory = cas.directory(&digest)?;
        entries += directory.files.len() + directory.directories.len() + directory.symlinks.len();
        bytes += directory.files.iter().map(|file| file.digest.size()).fold(0, u64::saturating_add);
        if entries > few.entries || bytes > few.bytes {
            return Ok(false);
        }
        open.extend(directory.directories.iter().map(|child| child.digest));
    }
    Ok(true)
}
