//! The layers of an overlay on disk, and the folders that commands write to.

use std::path::PathBuf;

use spec_cas::{Captured, Cas, CasError, ScratchDir, Take, Upper};
use spec_model::Digest;
use spec_sandbox::{Mount, MountKind, RootSpec};

use crate::error::ExecutionError;
use crate::root::writable::write_subtree;
use crate::staging::StagedLayers;

/// With more trees than this a root becomes one layer. The kernel's own limit is a little higher.
pub const MAX_LAYERS: usize = 400;

const SHM_SIZE: u64 = 1 << 30;

/// A root on disk: read-only layers below, one writable folder above. Lives while commands use it.
#[derive(Debug)]
pub(crate) struct RootLayout {
    layers: StagedLayers,
    /// The tree that the layers show together, where that is not the whole root.
    below: Option<Digest>,
    scratch: ScratchDir,
    runs: u32,
}

/// What a root on disk is made of.
pub(crate) enum LayoutPlan {
    /// Trees, lowest first, as layers.
    StagedLayers(Vec<Digest>),
    /// Directories that are written into the writable folder, so that commands can rename what is in them.
    Written {
        /// The whole tree.
        root: Digest,
        /// Relative paths of these directories, none in another.
        paths: Vec<String>,
        /// The trees that make the rest, lowest first.
        rest: Vec<Digest>,
    },
}

impl RootLayout {
    /// Makes layers of the trees, those that are not there yet.
    pub(crate) fn new(cas: &Cas, plan: &LayoutPlan) -> Result<Self, ExecutionError> {
        let (below, layers) = match plan {
            LayoutPlan::StagedLayers(trees) => (None, StagedLayers::new(cas, trees)?),
            LayoutPlan::Written { rest, .. } => {
                let layers: Vec<_> = rest.iter().map(|tree| spec_cas::Layer::whole(*tree)).collect();
                let below = cas.merge(&layers)?.root;
                let one = [below];
                (Some(below), StagedLayers::new(cas, if rest.len() > MAX_LAYERS { &one } else { rest })?)
            }
        };
        let scratch = cas.scratch()?;
        let upper = scratch.folder("upper", 0o755)?;
        scratch.folder("tmp", 0o1777)?;
        if let LayoutPlan::Written { root, paths, .. } = plan {
            paths.iter().try_for_each(|path| write_subtree(cas, root, path, &upper))?;
        }
        Ok(Self { layers, below, scratch, runs: 0 })
    }

    /// Reads back what commands wrote, with `cas`, which may have limits of its own. `root` gives the whole root.
    pub(crate) fn capture(
        &self,
        cas: &Cas,
        root: impl FnOnce() -> Result<Digest, CasError>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Captured, ExecutionError> {
        let below = self.below.map_or_else(root, Ok)?;
        let (folder, marks) = (&self.upper(), self.layers.marks());
        let upper = Upper { folder, marks, below, root_below: &|| Ok(below) };
        Ok(cas.import_upper(&upper, Take::Move, wanted)?)
    }

    /// A description of the root for one more command. `/tmp` is shared by all commands of the layout and never
    /// captured.
    pub(crate) fn spec(&mut self) -> Result<RootSpec, ExecutionError> {
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
