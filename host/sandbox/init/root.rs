//! Builds the root, instruction by instruction, and enters it.

use crate::call;
use crate::devices;
use crate::new_root::{DeviceFolder, MissingEntry, NewRoot};
use crate::overlay;
use crate::protocol::{SetupStep, flag, op};
use crate::script::ScriptReader;
use crate::shared_status::{Failure, InStep, SharedStatus};
use crate::sys::{self, KernelBuffer, Ret};
use core::ffi::CStr;
use core::sync::atomic::Ordering::Relaxed;

/// What was made before the root.
pub struct RootInputs {
    /// The channel for mount points that were made.
    pub mount_points: i32,
    /// The overlay, if the host made it.
    pub overlay: Option<i32>,
    /// Device nodes of the sandbox's own.
    pub devices: Option<i32>,
}

/// Follows the script up to the command, and enters the root. Returns the folder of devices, or -1. Mount points that
/// it makes are announced through `mount_points`.
pub fn build(shared: &SharedStatus, script: &mut ScriptReader, inputs: RootInputs) -> Result<i32, Failure> {
    const MS_REC_PRIVATE: usize = 1 << 14 | 1 << 18;
    let _: Ret = call!(UMASK, 0usize);
    call!(MOUNT, 0usize, c"/", 0usize, MS_REC_PRIVATE, 0usize).in_step(SetupStep::Private)?;
    let count = script.word();
    let devices = DeviceFolder { prepared: inputs.devices, own: false, folder: -1 };
    let mut root = NewRoot { fd: -1, device: 0, upper: -1, mount_points: inputs.mount_points, devices };
    for index in 0..count {
        shared.op.store(index, Relaxed);
        if script.word_is(op::OVERLAY) {
            root.upper = open_upper(*script)?;
            root.fd = overlay::mount(shared, script)?;
            root.device = sys::stat(root.fd).in_step(SetupStep::Overlay)?.device;
        } else if let Some(overlay) = inputs.overlay.filter(|_| script.word_is(op::GIVEN_OVERLAY)) {
            root.upper = sys::open(script.text(), sys::O_PATH).in_step(SetupStep::Upper)?;
            sys::attach(overlay, root.upper).in_step(SetupStep::Overlay)?;
            root.fd = overlay;
            root.device = sys::stat(root.fd).in_step(SetupStep::Overlay)?.device;
        } else {
            execute_instruction(&mut root, script)?;
        }
    }
    shared.op.store(count, Relaxed);
    enter(root.fd).in_step(SetupStep::Pivot)?;
    Ok(root.devices.folder)
}

/// Opens the upper directory before the overlay may hide it.
fn open_upper(mut script: ScriptReader) -> Result<i32, Failure> {
    let _classic = script.word();
    sys::open(script.text(), sys::O_PATH).in_step(SetupStep::Upper)
}

fn execute_instruction(root: &mut NewRoot, script: &mut ScriptReader) -> Result<(), Failure> {
    match script.word() {
        op::DIRECTORY => root.place(script.text(), MissingEntry::Directory).map(sys::close),
        op::BIND => bind(root, script.word(), script.text(), script.text()),
        op::TMPFS => {
            let (mode, size) = (script.text(), script.text());
            let make = |fs| sys::fs_set(fs, c"mode", mode).and_then(|_| sys::fs_set(fs, c"size", size));
            mount(root, c"tmpfs", sys::ATTR_NOSUID | sys::ATTR_NODEV, script.text(), SetupStep::Tmpfs, make)
        }
        op::PROC => {
            let attributes = sys::ATTR_NOSUID | sys::ATTR_NODEV | sys::ATTR_NOEXEC;
            mount(root, c"proc", attributes, script.text(), SetupStep::Proc, |_| Ok(0))
        }
        op::DEVPTS => {
            let attributes = sys::ATTR_NOSUID | sys::ATTR_NOEXEC;
            mount(root, c"devpts", attributes, script.text(), SetupStep::Devpts, |fs| {
                sys::fs_set(fs, c"ptmxmode", c"0666").and_then(|_| sys::fs_set(fs, c"mode", c"0620"))
            })
        }
        op::SYMLINK => symlink(root, script.text(), script.text(), script.text()).in_step(SetupStep::Symlink),
        op::REBIND => rebind(root, script.word(), script.text()),
        op::READ_ONLY_ROOT => {
            sys::protect(root.fd, sys::ATTR_RDONLY, false).map(drop).in_step(SetupStep::Protect)
        }
        op::HOSTNAME => {
            let name = script.text();
            call!(SETHOSTNAME, name, name.count_bytes()).map(drop).in_step(SetupStep::Hostname)
        }
        op::LOOPBACK => loopback().in_step(SetupStep::Loopback),
        op::DEVICES => devices::attach(root, script.text()),
        op::MASK => mask(root, script.text()),
        _ => unreachable!("the host writes no other options"),
    }
}

fn attributes(flags: u64) -> u64 {
    let read_only = if flags & flag::READ_ONLY != 0 { sys::ATTR_RDONLY } else { 0 };
    let devices = if flags & flag::DEVICES != 0 { 0 } else { sys::ATTR_NODEV };
    read_only | devices | sys::ATTR_NOSUID
}

fn bind(root: &NewRoot, flags: u64, source: &CStr, path: &CStr) -> Result<(), Failure> {
    if flags & flag::HOST_DEVICE != 0 && root.devices.own {
        return Ok(());
    }
    let tree = match sys::open_tree(sys::AT_FDCWD, source) {
        Err(sys::ENOENT) if flags & flag::OPTIONAL != 0 => return Ok(()),
        tree => tree.in_step(SetupStep::BindSource)?,
    };
    let directory = sys::stat(tree).in_step(SetupStep::BindSource)?.directory;
    let place =
        root.place(path, if directory { MissingEntry::MountDirectory } else { MissingEntry::MountFile })?;
    attach(tree, attributes(flags), true, place)
}

fn rebind(root: &NewRoot, flags: u64, path: &CStr) -> Result<(), Failure> {
    let place = match root.find(path) {
        Err(sys::ENOENT) if flags & flag::OPTIONAL != 0 => return Ok(()),
        place => place.in_step(SetupStep::Attach)?,
    };
    let tree = sys::open_tree(place, c"").in_step(SetupStep::Attach)?;
    // The mount keeps its flags: devices work only in the folder of devices.
    attach(tree, attributes(flags | flag::DEVICES), flags & flag::ALONE == 0, place)
}

/// Lays an empty folder over a folder, and the null device over a file.
fn mask(root: &NewRoot, path: &CStr) -> Result<(), Failure> {
    let place = match root.find(path) {
        Err(sys::ENOENT) => return Ok(()),
        place => place.in_step(SetupStep::Mask)?,
    };
    let folder = sys::stat(place).in_step(SetupStep::Mask)?.directory;
    let nothing = match folder {
        true => sys::fsopen(c"tmpfs").and_then(|fs| sys::fs_mount(fs, 0)),
        false => sys::open_tree(sys::AT_FDCWD, c"/dev/null"),
    };
    let attributes = sys::ATTR_RDONLY | sys::ATTR_NOSUID | sys::ATTR_NOEXEC;
    attach(nothing.in_step(SetupStep::Mask)?, attributes, true, place)
}

/// Sets the attributes of the detached mount `tree` (with `below` also of the mounts below it) and attaches it;
/// closes both descriptors.
fn attach(tree: i32, attributes: u64, below: bool, place: i32) -> Result<(), Failure> {
    sys::protect(tree, attributes, below).in_step(SetupStep::Protect)?;
    sys::attach(tree, place).in_step(SetupStep::Attach)?;
    sys::close(tree);
    sys::close(place);
    Ok(())
}

fn mount(
    root: &NewRoot,
    kind: &CStr,
    attributes: u64,
    path: &CStr,
    step: SetupStep,
    configure: impl FnOnce(i32) -> Ret,
) -> Result<(), Failure> {
    let place = root.place(path, MissingEntry::MountDirectory)?;
    let fs = sys::fsopen(kind).in_step(step)?;
    configure(fs).in_step(step)?;
    let mount = sys::fs_mount(fs, attributes).in_step(step)?;
    sys::attach(mount, place).in_step(SetupStep::Attach)?;
    sys::close(mount);
    sys::close(place);
    Ok(())
}

fn symlink(root: &NewRoot, target: &CStr, directory: &CStr, name: &CStr) -> Ret<()> {
    let directory = root.find(directory)?;
    call!(SYMLINKAT, target, directory, name)?;
    sys::close(directory);
    Ok(())
}

fn loopback() -> Ret<()> {
    const DATAGRAM_CLOEXEC: usize = 2 | 0o2_000_000;
    const SIOCSIFFLAGS: usize = 0x8914;
    const UP_RUNNING: u8 = 1 | 0x40;
    let socket = call!(SOCKET, 2usize, DATAGRAM_CLOEXEC, 0usize)? as i32;
    let mut request = [0u8; 40];
    request[..2].copy_from_slice(b"lo");
    request[16] = UP_RUNNING;
    call!(IOCTL, socket, SIOCSIFFLAGS, KernelBuffer(&mut request))?;
    sys::close(socket);
    Ok(())
}

/// Makes the root `/`, and detaches the host's file system.
fn enter(root: i32) -> Ret<()> {
    const MNT_DETACH: usize = 2;
    call!(FCHDIR, root)?;
    call!(PIVOT_ROOT, c".", c".")?;
    call!(UMOUNT2, c".", MNT_DETACH)?;
    sys::chdir(c"/")?;
    Ok(())
}
