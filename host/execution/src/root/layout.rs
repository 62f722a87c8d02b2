//! The layers of an overlay on disk, and the folders that commands write to.

use spec_cas::{CapturedTree, Cas, CasError, ImportMode, UpperDir};
use spec_model::Digest;
use spec_sandbox::RootSpec;

use crate::error::ExecutionError;
use crate::root::writable::write_subtree;
use crate::staging::{StagedRoot, TmpDirectory, stage_layers};

/// With more trees than this a root becomes one layer. The kernel's own limit is a little higher.
pub const MAX_LAYERS: usize = 400;

/// A root on disk: read-only layers below, one writable folder above. Lives while commands use it.
#[derive(Debug)]
pub(crate) struct RootLayout {
    root: StagedRoot,
    /// The tree that the layers show together, where that is not the whole root.
    below: Option<Digest>,
}

/// What a root on disk is made of.
pub(crate) enum LayoutPlan {
    /// Trees, lowest first, as layers.
    Layers(Vec<Digest>),
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
            LayoutPlan::Layers(trees) => (None, stage_layers(cas, trees)?),
            LayoutPlan::Written { rest, .. } => {
                let layers: Vec<_> = rest.iter().map(|tree| spec_cas::MergeInput::whole(*tree)).collect();
                let below = cas.merge(&layers)?.root;
                let one = [below];
                (Some(below), stage_layers(cas, if rest.len() > MAX_LAYERS { &one } else { rest })?)
            }
        };
        let scratch = cas.scratch()?;
        let upper = scratch.folder("upper", 0o755)?;
        if let LayoutPlan::Written { root, paths, .. } = plan {
            paths.iter().try_for_each(|path| write_subtree(cas, root, path, &upper))?;
        }
        Ok(Self { root: StagedRoot::new(layers, scratch, TmpDirectory::BesideRoot)?, below })
    }

    /// Reads back what commands wrote, with `cas`, which may have limits of its own. `root` gives the whole root.
    pub(crate) fn capture(
        &self,
        cas: &Cas,
        root: impl FnOnce() -> Result<Digest, CasError>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<CapturedTree, ExecutionError> {
        let below = self.below.map_or_else(root, Ok)?;
        let (folder, xattrs) = (&self.root.upper(), self.root.xattrs());
        let upper = UpperDir { folder, xattrs, below, root_below: &|| Ok(below) };
        Ok(cas.import_upper(&upper, ImportMode::Move, wanted)?)
    }

    /// A description of the root for one more command.
    pub(crate) fn describe(&mut self) -> Result<RootSpec, ExecutionError> {
        self.root.describe()
    }

    /// Where the commands' `/tmp` is on the host.
    #[cfg(test)]
    pub(crate) fn temporary(&self) -> std::path::PathBuf {
        self.root.beside("tmp")
    }
}
