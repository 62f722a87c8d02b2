//! File systems that are configured and mounted through descriptors without being attached: `fsopen(2)` and
//! `fsmount(2)`.

use crate::error::SandboxError;
use crate::protocol::SetupStep;
use crate::remedy::remedy;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use rustix::mount::{fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

/// A mounted image of an EROFS file system, which is visible nowhere.
#[derive(Clone, Debug)]
pub(crate) struct ImageMount(Arc<OwnedFd>);

impl ImageMount {
    /// Mounts the image file at `path`.
    ///
    /// # Errors
    /// [`SandboxError::Overlay`] naming the image.
    pub(crate) fn new(path: &Path) -> Result<Self, SandboxError> {
        let mount = (|| {
            let fs = FilesystemContext::new(c"erofs")?;
            fs.set(c"source", path)?;
            fs.flag(c"ro")?;
            fs.mount(MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV)
        })();
        match mount {
            Ok(mount) => Ok(Self(Arc::new(mount))),
            Err(refused) => Err(refused.error(SetupStep::Layer, path)),
        }
    }
}

impl AsFd for ImageMount {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A file system that is being configured (`fsopen(2)`).
pub(crate) struct FilesystemContext(OwnedFd);

/// Why the kernel refused a file system.
pub(crate) struct KernelRefusal {
    errno: Errno,
    message: String,
}

impl KernelRefusal {
    pub(crate) fn error(self, step: SetupStep, path: &Path) -> SandboxError {
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
    pub(crate) fn new(kind: &std::ffi::CStr) -> Result<Self, KernelRefusal> {
        let fs = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC);
        fs.map(Self).map_err(|errno| KernelRefusal { errno, message: String::new() })
    }

    /// Adds to an error what the kernel logged about it.
    fn checked<T>(&self, done: Result<T, Errno>) -> Result<T, KernelRefusal> {
        done.map_err(|errno| {
            let mut text = [0; crate::protocol::MESSAGE];
            let length = rustix::io::read(&self.0, &mut text).unwrap_or(0);
            KernelRefusal { errno, message: String::from_utf8_lossy(&text[..length]).trim().to_owned() }
        })
    }

    pub(crate) fn set(&self, key: &std::ffi::CStr, value: &Path) -> Result<(), KernelRefusal> {
        self.checked(fsconfig_set_string(&self.0, key, value))
    }

    pub(crate) fn flag(&self, key: &std::ffi::CStr) -> Result<(), KernelRefusal> {
        self.checked(fsconfig_set_flag(&self.0, key))
    }

    /// The kernel resolves the path during the call, so the descriptor need not live longer.
    pub(crate) fn set_fd(&self, key: &std::ffi::CStr, folder: BorrowedFd<'_>) -> Result<(), KernelRefusal> {
        self.set(key, Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())))
    }

    pub(crate) fn set_folder(&self, key: &std::ffi::CStr, path: &Path) -> Result<(), KernelRefusal> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty());
        let folder = folder.map_err(|errno| KernelRefusal { errno, message: String::new() })?;
        self.set_fd(key, folder.as_fd())
    }

    pub(crate) fn mount(&self, attributes: MountAttrFlags) -> Result<OwnedFd, KernelRefusal> {
        self.checked(fsconfig_create(&self.0))?;
        self.checked(fsmount(&self.0, FsMountFlags::FSMOUNT_CLOEXEC, attributes))
    }
}
