//! A root on disk, as builds and actions have it.

use std::path::PathBuf;

use spec_cas::{OverlayXattrs, ScratchDir};
use spec_sandbox::{Mount, MountKind, RootSpec};

use crate::error::ExecutionError;
use crate::staging::layers::StagedLayers;

/// Read-only layers, and a scratch folder with the folder that commands write to. Both stay while this lives.
#[derive(Debug)]
pub(crate) struct StagedRoot {
    layers: StagedLayers,
    scratch: ScratchDir,
    tmp: TmpDirectory,
    /// How many commands were given a description.
    commands: u32,
}

/// Where `/tmp` of a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TmpDirectory {
    /// In a folder of its own beside the root, which all commands of the root share and nobody captures.
    BesideRoot,
    /// In the root itself: inputs and outputs of actions may lie there.
    InRoot,
}

impl StagedRoot {
    /// A root whose folders are made in `scratch`; whoever makes it puts the folder [`upper`](Self::upper) there.
    pub(crate) fn new(
        layers: StagedLayers,
        scratch: ScratchDir,
        tmp: TmpDirectory,
    ) -> Result<Self, ExecutionError> {
        if tmp == TmpDirectory::BesideRoot {
            scratch.folder("tmp", 0o1777)?;
        }
        Ok(Self { layers, scratch, tmp, commands: 0 })
    }

    /// A file or folder of this name beside the root, on the same medium as what commands write.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The folder that commands write to.
    pub(crate) fn upper(&self) -> PathBuf {
        self.beside("upper")
    }

    /// The name space of overlayfs's attributes in the upper folder.
    pub(crate) fn xattrs(&self) -> OverlayXattrs {
        self.layers.xattrs()
    }

    /// What one more command of the root finds: the layers below the folder that commands write to, `/dev`, `/proc` and
    /// `/tmp`. Commands run in it one after the other.
    ///
    /// # Errors
    /// When the kernel's folder for this command cannot be made.
    pub(crate) fn describe(&mut self) -> Result<RootSpec, ExecutionError> {
        self.commands += 1;
        let work = self.scratch.folder(&format!("work-{}", self.commands), 0o755)?;
        let mut root = self.layers.describe(&self.upper(), &work);
        match self.tmp {
            TmpDirectory::BesideRoot => root.mounts.push(Mount {
                path: "/tmp".into(),
                kind: MountKind::Bind { source: self.beside("tmp"), writable: true },
            }),
            TmpDirectory::InRoot => root.directories.push("/tmp".into()),
        }
        Ok(root)
    }
}
