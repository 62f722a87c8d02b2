//! Overlays over images, which only real root can mount.
//!
//! They are made here, before the sandbox's user namespace is entered, so that the kernel takes images and the marks
//! `trusted.overlay.*`: commands inside can neither set nor see these. The mounts are attached nowhere until the init
//! attaches the overlay in the sandbox's own mount namespace; they go with the descriptors that stand for them.
//! Everything is named by descriptors: nothing of the host shows in `/proc/self/mountinfo` inside, and paths may have
//! any length.

use crate::SandboxError;
use crate::protocol::SetupStep;
use crate::remedy::remedy;
use crate::root::{Layer, RootSpec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use rustix::mount::{fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen};
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An image of an EROFS file system, mounted as long as this value or a clone of it lives, and visible nowhere.
#[derive(Clone, Debug)]
pub struct LayerImage {
    path: PathBuf,
    mount: Arc<OwnedFd>,
}

impl LayerImage {
    /// Mounts the image file at `path`. Needs root's rights outside of any container, and Linux 6.12 or newer.
    ///
    /// # Errors
    /// [`SandboxError::Overlay`] naming the image.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SandboxError> {
        let path = path.into();
        let mount = (|| {
            let fs = FilesystemContext::new(c"erofs")?;
            fs.set(c"source", &path)?;
            fs.flag(c"ro")?;
            fs.mount(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
        })();
        match mount {
            Ok(mount) => Ok(Self { path, mount: Arc::new(mount) }),
            Err(refused) => Err(refused.error(SetupStep::Layer, &path)),
        }
    }

    /// The image file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// `uuid=null` spares the disk a note of an identity that nobody asks for.
const OPTIONS: [(&std::ffi::CStr, &str); 5] =
    [(c"index", "off"), (c"xino", "off"), (c"uuid", "null"), (c"metacopy", "on"), (c"redirect_dir", "on")];

/// Makes the overlay of a root with images, attached nowhere.
pub(crate) fn mount(root: &RootSpec) -> Result<OwnedFd, SandboxError> {
    let whole = |refused: KernelRefusal| refused.error(SetupStep::Overlay, &root.upper);
    let fs = FilesystemContext::new(c"overlay").map_err(whole)?;
    for layer in root.layers.iter().rev() {
        let added = match layer {
            Layer::Image(image) => fs.set_fd(c"lowerdir+", image.mount.as_fd()),
            Layer::Directory(path) | Layer::Marked(path) => fs.set_folder(c"lowerdir+", path),
        };
        added.map_err(|refused| refused.error(SetupStep::Layer, layer.path()))?;
    }
    if let Some(contents) = &root.contents {
        fs.set_folder(c"datadir+", contents).map_err(|refused| refused.error(SetupStep::Layer, contents))?;
    }
    remove_volatile_mark(&root.work);
    fs.set_folder(c"upperdir", &root.upper)
        .map_err(|refused| refused.error(SetupStep::Upper, &root.upper))?;
    fs.set_folder(c"workdir", &root.work).map_err(|refused| refused.error(SetupStep::Work, &root.work))?;
    for (key, value) in OPTIONS {
        fs.set(key, Path::new(value)).map_err(whole)?;
    }
    fs.flag(c"volatile").map_err(whole)?;
    fs.mount(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV).map_err(whole)
}

/// Removes the mark of an earlier volatile overlay from the work directory, which would forbid this one. Commands never
/// see this directory.
fn remove_volatile_mark(work: &Path) {
    let mark = work.join("work/incompat/volatile");
    // In most work directories there is none.
    if fs::remove_file(mark.join("dirty")).is_ok() {
        let _ = fs::remove_dir(mark);
    }
}

/// A file system that is being described to the kernel.
struct FilesystemContext(OwnedFd);

/// What the kernel said no to.
struct KernelRefusal {
    errno: Errno,
    message: String,
}

impl KernelRefusal {
    fn error(self, step: SetupStep, path: &Path) -> SandboxError {
        let text = SetupStep::ALL.iter().find(|(other, _)| *other == step).map_or("", |(_, text)| text);
        SandboxError::Overlay {
            step: text,
            path: path.to_owned(),
            source: self.errno.into(),
            message: self.message,
            remedy: remedy(step, self.errno),
        }
    }
}

impl FilesystemContext {
    fn new(kind: &std::ffi::CStr) -> Result<Self, KernelRefusal> {
        let fs = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC);
        fs.map(Self).map_err(|errno| KernelRefusal { errno, message: String::new() })
    }

    /// With what the kernel logged about a refusal.
    fn told<T>(&self, done: Result<T, Errno>) -> Result<T, KernelRefusal> {
        done.map_err(|errno| {
            let mut text = [0; crate::protocol::MESSAGE];
            let length = rustix::io::read(&self.0, &mut text).unwrap_or(0);
            KernelRefusal { errno, message: String::from_utf8_lossy(&text[..length]).trim().to_owned() }
        })
    }

    fn set(&self, key: &std::ffi::CStr, value: &Path) -> Result<(), KernelRefusal> {
        self.told(fsconfig_set_string(&self.0, key, value))
    }

    fn flag(&self, key: &std::ffi::CStr) -> Result<(), KernelRefusal> {
        self.told(fsconfig_set_flag(&self.0, key))
    }

    /// The kernel looks at the path at once, so the descriptor need not live longer than this.
    fn set_fd(&self, key: &std::ffi::CStr, folder: BorrowedFd<'_>) -> Result<(), KernelRefusal> {
        self.set(key, Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())))
    }

    fn set_folder(&self, key: &std::ffi::CStr, path: &Path) -> Result<(), KernelRefusal> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty());
        let folder = folder.map_err(|errno| KernelRefusal { errno, message: String::new() })?;
        self.set_fd(key, folder.as_fd())
    }

    fn mount(&self, attributes: MountAttrFlags) -> Result<OwnedFd, KernelRefusal> {
        self.told(fsconfig_create(&self.0))?;
        self.told(fsmount(&self.0, FsMountFlags::FSMOUNT_CLOEXEC, attributes))
    }
}
