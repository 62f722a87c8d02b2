//! Makes overlays over images, which only real root can mount.
//!
//! They are made here, before the sandbox's user namespace is entered, so that the kernel takes images and the
//! attributes `trusted.overlay.*`: commands inside can neither set nor see these. The mounts are not attached until
//! the init attaches the overlay in the sandbox's own mount namespace; they end when their descriptors are closed.
//! Everything is passed by descriptors, so no path of the host is visible in `/proc/self/mountinfo` inside, and paths
//! may have any length.

use crate::error::SandboxError;
use crate::filesystem::{FilesystemContext, KernelRefusal};
use crate::protocol::SetupStep;
use crate::root::RootSpec;
use rustix::mount::MountAttrFlags;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// `uuid=null` saves writing a UUID to the disk that nobody reads.
const OPTIONS: [(&std::ffi::CStr, &str); 5] =
    [(c"index", "off"), (c"xino", "off"), (c"uuid", "null"), (c"metacopy", "on"), (c"redirect_dir", "on")];

/// Makes the overlay of a root with images, not attached anywhere.
pub(crate) fn mount(root: &RootSpec) -> Result<OwnedFd, SandboxError> {
    let whole = |refused: KernelRefusal| refused.error(SetupStep::Overlay, &root.upper);
    let fs = FilesystemContext::new(c"overlay").map_err(whole)?;
    for layer in root.layers.iter().rev() {
        let added = match layer.image() {
            Some(image) => fs.set_fd(c"lowerdir+", image.as_fd()),
            None => fs.set_folder(c"lowerdir+", layer.path()),
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

/// Removes the mark of an earlier volatile overlay from the work directory: with it the kernel would refuse this one.
/// Commands never see this directory.
fn remove_volatile_mark(work: &Path) {
    let mark = work.join("work/incompat/volatile");
    // Most work directories have none.
    if fs::remove_file(mark.join("dirty")).is_ok() {
        let _ = fs::remove_dir(mark);
    }
}
