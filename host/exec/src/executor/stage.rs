//! The root of an action on disk.

use std::fs;
use std::path::PathBuf;

use spec_cas::{Cas, CasError, CheckoutMode, ScratchDir, TreeGuard};
use spec_model::Digest;
use spec_sandbox::{Mount, MountKind, RootSpec};

use super::ActionError;
use super::arena::{Arena, Medium};
use super::settle::settled;
use super::view::View;

/// Input roots with at most this many entries and bytes are copied to where the action writes: that is faster than a
/// layer of their own, and leaves nothing. Larger ones become a layer that is kept for the next action.
const FEW_ENTRIES: usize = 400;
const FEW_BYTES: u64 = 4 << 20;

const SHM_SIZE: u64 = 1 << 30;

/// Layers, lowest first, and a folder for what is written.
#[derive(Debug)]
pub(crate) struct Stage {
    layers: Vec<TreeGuard>,
    /// The trees of the layers, the highest first.
    below: Vec<Digest>,
    scratch: ScratchDir,
    pub(crate) medium: Medium,
}

impl Stage {
    /// Lays `input_root` over `chroot`.
    ///
    /// # Errors
    /// [`ActionError::Missing`] with everything that is missing of both.
    pub(crate) fn new(
        cas: &Cas,
        arena: &Arena,
        chroot: Option<&Digest>,
        input_root: &Digest,
        wanted: Medium,
    ) -> Result<Self, ActionError> {
        Self::lay(cas, arena, chroot, input_root, wanted).map_err(|error| match error {
            CasError::Missing { .. } | CasError::Corrupt { .. } => {
                all_missing(cas, chroot, input_root, error)
            }
            CasError::Collision { path, old, new } => ActionError::invalid(format!(
                "the input root has a {new} at '{path}', where the tree of chrootRootDigest has a {old}"
            )),
            other => other.into(),
        })
    }

    fn lay(
        cas: &Cas,
        arena: &Arena,
        chroot: Option<&Digest>,
        input_root: &Digest,
        wanted: Medium,
    ) -> Result<Self, CasError> {
        let input_root = &chroot.map_or(Ok(*input_root), |chroot| settled(cas, chroot, input_root))?;
        let few = is_small(cas, input_root)?;
        let layered = Some(*input_root).filter(|_| !few);
        let mut below: Vec<Digest> = layered.into_iter().chain(chroot.copied()).collect();
        if below.is_empty() {
            // An overlay has to have something below.
            below.push(cas.digest(b""));
        }
        let layers = below.iter().rev().map(|tree| cas.checked_out(tree)).collect::<Result<_, _>>()?;
        let (scratch, medium) = arena.folder(wanted)?;
        let stage = Self { layers, below, scratch, medium };
        fs::create_dir(stage.work()).map_err(|error| CasError::writing(stage.work(), error))?;
        if few {
            cas.checkout_into(input_root, &stage.upper(), CheckoutMode::Copy)?;
        } else {
            fs::create_dir(stage.upper()).map_err(|error| CasError::writing(stage.upper(), error))?;
        }
        Ok(stage)
    }

    /// A file of this name beside the root, on the same medium.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The description of the root, in which `directories` (relative) are made.
    pub(crate) fn spec(&self, directories: impl Iterator<Item = String>) -> RootSpec {
        let layers = self.layers.iter().map(|guard| guard.path().to_owned());
        let mut spec = RootSpec::new(layers, self.upper(), self.work());
        // No file system of its own for /tmp: inputs and outputs may lie there.
        spec.mounts = vec![
            Mount { path: "/dev".into(), kind: MountKind::Dev { shm_size: SHM_SIZE } },
            Mount { path: "/proc".into(), kind: MountKind::Proc },
        ];
        spec.directories = directories.map(|path| PathBuf::from("/").join(path)).collect();
        spec.directories.push("/tmp".into());
        spec
    }

    /// What is there after the command.
    pub(crate) fn view<'a>(&self, cas: &'a Cas) -> Result<View<'a>, ActionError> {
        View::new(cas, &self.upper(), self.below.clone())
    }

    /// Where the command writes.
    pub(crate) fn upper(&self) -> PathBuf {
        self.beside("upper")
    }

    fn work(&self) -> PathBuf {
        self.beside("work")
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

/// Whether a tree is worth copying. Reads no more of it than it takes to tell.
fn is_small(cas: &Cas, root: &Digest) -> Result<bool, CasError> {
    let (mut entries, mut bytes, mut open) = (0, 0, vec![*root]);
    while let Some(digest) = open.pop() {
        let directory = cas.directory(&digest)?;
        entries += directory.files.len() + directory.directories.len() + directory.symlinks.len();
        bytes += directory.files.iter().map(|file| file.digest.size()).fold(0, u64::saturating_add);
        if entries > FEW_ENTRIES || bytes > FEW_BYTES {
            return Ok(false);
        }
        open.extend(directory.directories.iter().map(|child| child.digest));
    }
    Ok(true)
}
