//! The layers of an overlay on disk, and the folders that commands write to.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use spec_cas::{Cas, ScratchDir, TreeGuard};
use spec_model::Digest;
use spec_sandbox::{Mount, MountKind, RootSpec};

use crate::ExecError;

/// With more trees than this a root is checked out as one. The kernel's own limit is a little higher.
pub const MAX_LAYERS: usize = 400;

const SHM_SIZE: u64 = 1 << 30;

/// A root on disk: read-only layers below, one writable folder above. Lives while commands use it.
#[derive(Debug)]
pub(crate) struct Layout {
    layers: Vec<TreeGuard>,
    scratch: ScratchDir,
    runs: u32,
}

impl Layout {
    /// Checks out `layers`, lowest first, those that are not yet.
    pub(crate) fn new(cas: &Cas, layers: &[Digest]) -> Result<Self, ExecError> {
        let mut guards: Vec<TreeGuard> = Vec::with_capacity(layers.len());
        for layer in distinct(layers) {
            guards.push(cas.checked_out(layer)?);
        }
        let layout = Self { layers: guards, scratch: cas.scratch()?, runs: 0 };
        for (name, mode) in [("upper", 0o755), ("tmp", 0o1777)] {
            layout.make(name, mode)?;
        }
        Ok(layout)
    }

    /// What commands wrote, with overlayfs' marks for what they removed.
    pub(crate) fn upper(&self) -> PathBuf {
        self.scratch.path().join("upper")
    }

    /// A description of the root for one more command. `/tmp` is shared by all commands of the layout and never
    /// captured.
    pub(crate) fn spec(&mut self) -> Result<RootSpec, ExecError> {
        self.runs += 1;
        let work = format!("work-{}", self.runs);
        self.make(&work, 0o755)?;
        let layers = self.layers.iter().map(|guard| guard.path().to_owned());
        let mut spec = RootSpec::new(layers, self.upper(), self.scratch.path().join(work));
        let tmp = MountKind::Bind { source: self.scratch.path().join("tmp"), writable: true };
        spec.mounts = vec![
            Mount { path: "/dev".into(), kind: MountKind::Dev { shm_size: SHM_SIZE } },
            Mount { path: "/proc".into(), kind: MountKind::Proc },
            Mount { path: "/tmp".into(), kind: tmp },
        ];
        Ok(spec)
    }

    fn make(&self, name: &str, mode: u32) -> Result<(), ExecError> {
        let path = self.scratch.path().join(name);
        make_folder(&path, mode).map_err(|source| ExecError::Scratch {
            action: "create the folder",
            path,
            source,
        })
    }
}

fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// The layers without repetitions; of equal ones the highest stays, since it hides the others anyway.
fn distinct(layers: &[Digest]) -> impl Iterator<Item = &Digest> {
    layers.iter().enumerate().filter(|(at, layer)| !layers[at + 1..].contains(layer)).map(|(_, layer)| layer)
}
