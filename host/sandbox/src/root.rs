//! The description of a sandbox's root.

use crate::error::SandboxError;
use crate::filesystem::ImageMount;
use spec_model::LayerForm;
use std::path::{Path, PathBuf};

/// A root: layers, where changes go, and what is mounted inside.
#[derive(Clone, Debug)]
pub struct RootSpec {
    /// The read-only layers, the lowest first: a later layer hides an earlier one's files. At least one, at most
    /// [`RootSpec::MAX_LAYERS`], none twice.
    pub layers: Vec<Layer>,
    /// Directory of the host with the contents of files in images and metacopy folders; it is nowhere seen itself. The kernel
    /// looks for what an image refers to in the images below before it looks here, so no image may have such paths unless
    /// it is the only layer.
    pub contents: Option<PathBuf>,
    /// Directory of the host that receives what the command changes. Commands that run one after the other
    /// with the same upper directory see each other's changes. It must exist.
    pub upper: PathBuf,
    /// Directory of the host on the file system of `upper`, for the kernel's use. It must exist, and contain nothing
    /// but what earlier commands of the same root left there; see [`clear_work`](crate::clear_work). For many short
    /// commands a tmpfs is best: the kernel makes and removes some files for each, and ext4 is slow at that for five
    /// minutes after many files were deleted.
    pub work: PathBuf,
    /// The mounts inside, in this order.
    pub mounts: Vec<Mount>,
    /// Directories inside that are made if they are missing, stay in the upper directory,
    /// and can be written even if the root is read-only (BuildStream: marked directories).
    pub directories: Vec<PathBuf>,
    /// Directories inside that are made if they are missing, stay in the upper directory, and can be written where the root
    /// can.
    pub unmarked_directories: Vec<PathBuf>,
    /// Whether only `directories` and the mounts can be written (BuildStream: `ROOT_READ_ONLY`).
    pub read_only: bool,
    /// Directories that can or cannot be written with everything below them, independently of the directories around
    /// them; outer ones first. They must exist in the layers, `directories` or mounts.
    pub subtrees: Vec<Subtree>,
    pub(crate) classic_overlay: bool,
}

/// A read-only part of a root.
#[derive(Clone, Debug)]
pub struct Layer {
    form: LayerForm,
    path: PathBuf,
    /// Of an image.
    image: Option<ImageMount>,
}

impl Layer {
    /// The layer of this form at `path` of the host. An image is mounted as long as this value or a clone of it lives, and
    /// seen nowhere.
    ///
    /// Images need root's rights outside of any container, and Linux 6.15; with one of them the root is made with root's
    /// rights, and directories of layers can be renamed. Metacopy folders need Linux 6.16. Both find their contents in
    /// [`RootSpec::contents`].
    ///
    /// # Errors
    /// [`SandboxError::Overlay`] naming the image.
    pub fn open(form: LayerForm, path: impl Into<PathBuf>) -> Result<Self, SandboxError> {
        let path = path.into();
        let image = (form == LayerForm::Image).then(|| ImageMount::new(&path)).transpose()?;
        Ok(Self { form, path, image })
    }

    /// Its path on the host.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its form.
    pub(crate) fn form(&self) -> LayerForm {
        self.form
    }

    /// The mount of an image.
    pub(crate) fn image(&self) -> Option<&ImageMount> {
        self.image.as_ref()
    }
}

impl From<PathBuf> for Layer {
    fn from(path: PathBuf) -> Self {
        Self { form: LayerForm::Copied, path, image: None }
    }
}

impl From<&str> for Layer {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

/// A directory inside, with everything below it except for mounts and other subtrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// Absolute path inside; links in it are followed inside.
    pub path: PathBuf,
    /// Whether the command may change it.
    pub writable: bool,
}

/// A mount inside a root. A missing mount point is made, and removed afterwards.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Absolute path inside; links in it are followed inside.
    pub path: PathBuf,
    /// What is mounted.
    pub kind: MountKind,
}

/// What is mounted.
#[derive(Clone, Debug)]
pub enum MountKind {
    /// A file, directory or socket of the host, with all that is mounted below it.
    Bind {
        /// Absolute path on the host.
        source: PathBuf,
        /// Whether the command may change it.
        writable: bool,
    },
    /// An empty file system in memory, mode 1777.
    Tmpfs {
        /// Most bytes it may hold.
        size: u64,
    },
    /// Process information of the sandbox, kernel settings read-only.
    Proc,
    /// The harmless devices: null, zero, full, random, urandom, tty, pts, shm (of at most `shm_size` bytes)
    /// and the links for standard input and output.
    Dev {
        /// Most bytes that `/dev/shm` may hold.
        shm_size: u64,
    },
}

impl RootSpec {
    /// The kernel's limit on overlay layers.
    pub const MAX_LAYERS: usize = 500;
    const SHM_SIZE: u64 = 1 << 30;

    /// A writable root with `/dev`, in which `/dev/shm` holds at most 1 GiB, and `/proc`.
    pub fn new(
        layers: impl IntoIterator<Item = impl Into<Layer>>,
        upper: impl Into<PathBuf>,
        work: impl Into<PathBuf>,
    ) -> Self {
        Self {
            layers: layers.into_iter().map(Into::into).collect(),
            contents: None,
            upper: upper.into(),
            work: work.into(),
            mounts: vec![
                Mount { path: "/dev".into(), kind: MountKind::Dev { shm_size: Self::SHM_SIZE } },
                Mount { path: "/proc".into(), kind: MountKind::Proc },
            ],
            directories: Vec::new(),
            unmarked_directories: Vec::new(),
            read_only: false,
            subtrees: Vec::new(),
            classic_overlay: false,
        }
    }

    /// The directories that are made if they are missing.
    pub(crate) fn made_directories(&self) -> impl Iterator<Item = &PathBuf> {
        self.directories.iter().chain(&self.unmarked_directories)
    }

    /// Whether the overlay is made by the host, with root's rights.
    pub(crate) fn has_images(&self) -> bool {
        self.layers.iter().any(|layer| layer.form == LayerForm::Image)
    }

    /// Adds a file, directory or socket of the host.
    pub fn bind(
        &mut self,
        source: impl Into<PathBuf>,
        path: impl Into<PathBuf>,
        writable: bool,
    ) -> &mut Self {
        let kind = MountKind::Bind { source: source.into(), writable };
        self.mounts.push(Mount { path: path.into(), kind });
        self
    }
}
