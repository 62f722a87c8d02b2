//! The layers of an overlay on disk, and the folders that commands write to.

use std::path::PathBuf;

use spec_cas::{Captured, Cas, ScratchDir, Take, Upper};
use spec_model::Digest;
use spec_sandbox::{Mount, MountKind, RootSpec};

use crate::ExecError;
use crate::staging::{Layers, can_rename_folders};
use crate::writable::write_subtree;

/// With more trees than this a root becomes one layer. The kernel's own limit is a little higher.
pub const MAX_LAYERS: usize = 400;

const SHM_SIZE: u64 = 1 << 30;

/// A root on disk: read-only layers below, one writable folder above. Lives while commands use it.
#[derive(Debug)]
pub(crate) struct Layout {
    layers: Layers,
    /// The tree that the layers show together.
    below: Digest,
    scratch: ScratchDir,
    runs: u32,
}

/// What a root on disk is made of.
pub(crate) struct Plan {
    /// The whole tree.
    pub(crate) root: Digest,
    /// The trees that make it, lowest first.
    pub(crate) trees: Vec<Digest>,
    /// Relative paths of directories whose sub-directories commands may want to rename.
    pub(crate) movable: Vec<String>,
    /// The trees that make it apart from what is in those, lowest first.
    pub(crate) fixed: Vec<Digest>,
}

impl Layout {
    /// Makes layers of the trees, those that are not there yet. Where folders of layers cannot be renamed, what is to be
    /// movable is written into the writable folder instead.
    pub(crate) fn new(cas: &Cas, plan: &Plan) -> Result<Self, ExecError> {
        let written: &[String] = if can_rename_folders(cas) { &[] } else { &plan.movable };
        let (below, trees) = match written {
            [] => (plan.root, plan.trees.as_slice()),
            _ => {
                let layers: Vec<_> = plan.fixed.iter().map(|tree| spec_cas::Layer::whole(*tree)).collect();
                (cas.merge(&layers)?.root, plan.fixed.as_slice())
            }
        };
        let one = [below];
        let trees = if trees.len() > MAX_LAYERS { &one } else { trees };
        let layers = Layers::new(cas, trees)?;
        let scratch = cas.scratch()?;
        let upper = scratch.folder("upper", 0o755)?;
        scratch.folder("tmp", 0o1777)?;
        for path in written {
            write_subtree(cas, &plan.root, path, &upper)?;
        }
        Ok(Self { layers, below, scratch, runs: 0 })
    }

    /// Reads back what commands wrote, with `cas`, which may have limits of its own.
    pub(crate) fn capture(&self, cas: &Cas, wanted: impl Fn(&str) -> bool) -> Result<Captured, ExecError> {
        let upper = Upper {
            folder: &self.upper(),
            marks: self.layers.marks(),
            below: self.below,
            root_below: &|| Ok(self.below),
        };
        Ok(cas.import_upper(&upper, Take::Move, wanted)?)
    }

    /// A description of the root for one more command. `/tmp` is shared by all commands of the layout and never
    /// captured.
    pub(crate) fn spec(&mut self) -> Result<RootSpec, ExecError> {
        self.runs += 1;
        let work = self.scratch.folder(&format!("work-{}", self.runs), 0o755)?;
        let mut spec = self.layers.root(&self.upper(), &work);
        let tmp = MountKind::Bind { source: self.scratch.path().join("tmp"), writable: true };
        spec.mounts = vec![
            Mount { path: "/dev".into(), kind: MountKind::Dev { shm_size: SHM_SIZE } },
            Mount { path: "/proc".into(), kind: MountKind::Proc },
            Mount { path: "/tmp".into(), kind: tmp },
        ];
        Ok(spec)
    }

    /// Where the commands' `/tmp` is on the host.
    #[cfg(test)]
    pub(crate) fn temporary(&self) -> PathBuf {
        self.scratch.path().join("tmp")
    }

    fn upper(&self) -> PathBuf {
        self.scratch.path().join("upper")
    }
}
