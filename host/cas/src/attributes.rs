//! Modes, times and owners of the files and folders that the store makes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::fs::{IFlags, Mode, Timespec, Timestamps};
use rustix::io::Errno;
use spec_model::tree::NodeProperties;

use crate::layout::FIXED_MTIME;

/// The fixed modification time; and the current time as access time, by which the store knows when a blob was last
/// used.
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

/// Gives an open file the modification time of its node, if the node has one.
pub(crate) fn set_node_time(file: &File, properties: &NodeProperties) -> std::io::Result<()> {
    let Some((seconds, nanos)) = properties.mtime else { return Ok(()) };
    let mut times = fixed_times();
    times.last_modification = Timespec { tv_sec: seconds, tv_nsec: nanos.into() };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// Gives a folder that this process made exactly this mode, and removes what it inherited: a group, a set-group-id
/// bit, an access list and a default access list. Programs in sandboxes fail when they meet a group that they do not
/// know, or a mode that they did not ask for.
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
    // After the group, because changing the group clears mode bits.
    Ok(rustix::fs::fchmod(folder, Mode::from_raw_mode(mode))?)
}

/// Asks ext4 (`chattr +T`) to put each new folder in this one, with its contents, into another block group. In a
/// block group where many files were removed during the last five minutes ext4 creates files slowly, since it skips
/// the inode of each of them.
pub(crate) fn spread_subfolders(folder: impl AsFd) {
    if let Ok(flags) = rustix::fs::ioctl_getflags(&folder)
        && !flags.contains(IFlags::TOPDIR)
    {
        // Other file systems do not have this flag, nor the problem.
        let _ = rustix::fs::ioctl_setflags(&folder, flags | IFlags::TOPDIR);
    }
}
