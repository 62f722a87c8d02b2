//! The folder of devices.
//!
//! Real root makes device nodes of the sandbox's own before it enters a user namespace, in which new nodes do not
//! work. Other users bind the host's nodes read-only: the devices can be written, but the modes and times of the
//! nodes cannot be changed.

use crate::call;
use crate::new_root::{MissingEntry, NewRoot};
use crate::protocol::{DEVICES, SetupStep, null};
use crate::shared_status::{Failure, InStep};
use crate::sys::{self, Ret};
use core::ffi::CStr;

/// Makes a folder of devices that is not attached anywhere yet.
pub fn make() -> Ret<i32> {
    const CHARACTER_DEVICE: usize = 0o020_000;
    let folder = empty_folder()?;
    for device in &DEVICES {
        let number = device.major << 8 | device.minor;
        let made = call!(MKNODAT, folder, device.name, CHARACTER_DEVICE | 0o666, number);
        made.inspect_err(|_| sys::close(folder))?;
    }
    Ok(folder)
}

fn empty_folder() -> Ret<i32> {
    let fs = sys::fsopen(c"tmpfs")?;
    sys::fs_set(fs, c"mode", c"755").and_then(|_| sys::fs_set(fs, c"size", c"64k"))?;
    sys::fs_mount(fs, sys::ATTR_NOSUID)
}

/// Attaches the folder: the supervisor's, once, or an empty one for the host's nodes.
pub fn attach(root: &mut NewRoot, path: &CStr) -> Result<(), Failure> {
    let place = root.place(path, MissingEntry::MountDirectory)?;
    let own = root.devices.prepared.take();
    root.devices.own = own.is_some();
    let folder = own.map_or_else(empty_folder, Ok).in_step(SetupStep::Devices)?;
    sys::attach(folder, place).in_step(SetupStep::Attach)?;
    sys::close(place);
    root.devices.folder = folder;
    Ok(())
}

/// Lays the sandbox's own `/dev/null` over those standard streams that are in `mask`.
pub fn open_null_streams(folder: i32, mask: u64) -> Ret<()> {
    let streams =
        [(null::STDIN, sys::O_RDONLY), (null::STDOUT, sys::O_WRONLY), (null::STDERR, sys::O_WRONLY)];
    for (stream, (bit, flags)) in streams.into_iter().enumerate() {
        if mask & bit != 0 {
            let opened = call!(OPENAT, folder, c"null", flags | sys::O_CLOEXEC, 0usize)? as i32;
            call!(DUP3, opened, stream, 0usize)?;
        }
    }
    Ok(())
}
