//! The root of an action on disk.

use std::path::PathBuf;

use spec_cas::{Cas, CasError, ScratchDir};
use spec_model::Digest;
use spec_sandbox::{Mount, MountKind, RootSpec};

use super::ActionError;
use super::arena::{Arena, Medium};
use super::settle::settled;
use super::view::View;
use crate::ExecError;
use crate::staging::{Layers, can_rename_folders};

/// Input roots with at most so much in them are copied to where the action writes. Larger ones become a layer that is
/// kept for the next action.
#[derive(Clone, Copy, Debug)]
struct Few {
    entries: usize,
    bytes: u64,
}

/// Copying less is faster than making a layer of it, and leaves nothing.
const FASTER: Few = Few { entries: 400, bytes: 4 << 20 };

/// Where folders of layers cannot be renamed, commands are spared that as long as copying takes a fraction of a second.
const BEARABLE: Few = Few { entries: 5_000, bytes: 64 << 20 };

const SHM_SIZE: u64 = 1 << 30;

/// Layers, lowest first, and a folder for what is written.
#[derive(Debug)]
pub(crate) struct Stage {
    layers: Layers,
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
            ExecError::Cas(error @ (CasError::Missing { .. } | CasError::Corrupt { .. })) => {
                all_missing(cas, chroot, input_root, error)
            }
            ExecError::Cas(CasError::Collision { path, old, new }) => ActionError::invalid(format!(
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
    ) -> Result<Self, ExecError> {
        let input_root = &chroot.map_or(Ok(*input_root), |chroot| settled(cas, chroot, input_root))?;
        let few = if can_rename_folders(cas) { FASTER } else { BEARABLE };
        let is_few = is_few(cas, input_root, few)?;
        let layered = Some(*input_root).filter(|_| !is_few);
        let below: Vec<Digest> = layered.into_iter().chain(chroot.copied()).collect();
        let layers = Layers::new(cas, &below.iter().rev().copied().collect::<Vec<_>>())?;
        let (scratch, medium) = arena.folder(wanted)?;
        scratch.folder("work", 0o755)?;
        if is_few {
            cas.checkout_into(input_root, &scratch.path().join("upper"))?;
        } else {
            scratch.folder("upper", 0o755)?;
        }
        Ok(Self { layers, below, scratch, medium })
    }

    /// A file of this name beside the root, on the same medium.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The description of the root, in which `directories` (relative) are made.
    pub(crate) fn spec(&self, directories: impl Iterator<Item = String>) -> RootSpec {
        let mut spec = self.layers.root(&self.upper(), &self.beside("work"));
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
        View::new(cas, &self.upper(), self.layers.marks(), self.below.clone())
    }

    /// Where the command writes.
    pub(crate) fn upper(&self) -> PathBuf {
        self.beside("upper")
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
fn is_few(cas: &Cas, root: &Digest, few: Few) -> Result<bool, CasError> {
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
