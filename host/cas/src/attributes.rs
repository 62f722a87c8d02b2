//! Modes, times and owners of the files and folders that the store makes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::fs::{IFlags, Mode, Timespec, Timestamps};
use rustix::io::Errno;
use spec_model::tree::NodeProperties;

use crate::layout::FIXED_MTIME;

/// The fixed time of modification; and now as the time of access, which says of a blob when it was last used.
pub(crate) fn fixed_times() -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        last_modification: Timespec { tv_sec: FIXED_MTIME, tv_nsec: 0 },
    }
}

/// Gives an open file its final mode and time.
pub(crate) fn set_mode_and_time(file: &File, mode: u32) -> io::Result<()> {
    rustix::fs::futimens(file, &fixed_times())?;
    if file.metadata()?.permissions().mode() & 0o7777 != mode {
        rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

/// Gives an open file the time that its node has, if it has one.
pub(crate) fn set_node_time(file: &File, properties: &NodeProperties) -> std::io::Result<()> {
    let Some((seconds, nanos)) = properties.mtime else { return Ok(()) };
    let mut times = fixed_times();
    times.last_modification = Timespec { tv_sec: seconds, tv_nsec: nanos.into() };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// Gives a folder that this process made exactly this mode, and takes from it what it inherited: a group, a set-group-id
/// bit, an access list, and a default one for what will be made in it. Programs in sandboxes fail when they meet a group
/// that they do not know, or a mode that they did not ask for.
pub(crate) fn set_exact_mode(folder: &File, mode: u32) -> io::Result<()> {
    for list in ["system.posix_acl_default", "system.posix_acl_access"] {
        match rustix::fs::fremovexattr(folder, list) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let group = rustix::process::getegid();
    if folder.metadata()?.gid() != group.as_raw() {
        rustix::fs::fchown(folder, None, Some(group))?;
    }
    // After the group, which takes bits away.
    Ok(rustix::fs::fchmod(folder, Mode::from_raw_mode(mode))?)
}

/// Asks ext4 (`chattr +T`) to place each folder that is made in this one far from the others, with all that is made in it:
/// where many files were removed during the last five minutes it makes files slowly, since it passes over the inode of
/// each of them.
pub(crate) fn spread_subfolders(folder: impl AsFd) {
    if let Ok(flags) = rustix::fs::ioctl_getflags(&folder)
        && !flags.contains(IFlags::TOPDIR)
    {
        // Other file systems have no such flag and no such trouble.
        let _ = rustix::fs::ioctl_setflags(&folder, flags | IFlags::TOPDIR);
    }
}
