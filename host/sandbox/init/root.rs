//! Builds the root, order by order, and enters it.

use crate::call;
use crate::devices;
use crate::overlay;
use crate::place::{Devices, Missing, Root};
use crate::script::Script;
use crate::state::{At, Failure, State};
use crate::sys::{self, Ret, Room};
use crate::wire::{Step, flag, op};
use core::ffi::CStr;
use core::sync::atomic::Ordering::Relaxed;

/// What is there before the root is.
pub struct Given {
    /// Where mount points that are made are told.
    pub made: i32,
    /// The overlay, if the host made it.
    pub overlay: Option<i32>,
    /// Device nodes of the sandbox's own.
    pub devices: Option<i32>,
}

/// Follows the script up to the command. The root is entered at the end. The answer is the folder of devices, or -1.
/// What is made for mounts is told through `made`.
pub fn build(state: &State, script: &mut Script, given: Given) -> Result<i32, Failure> {
    const MS_REC_PRIVATE: usize = 1 << 14 | 1 << 18;
    let _: Ret = call!(UMASK, 0usize);
    call!(MOUNT, 0usize, c"/", 0usize, MS_REC_PRIVATE, 0usize).at(Step::Private)?;
    let orders = script.word();
    let devices = Devices { made: given.devices, own: false, folder: -1 };
    let mut root = Root { fd: -1, device: 0, upper: -1, made: given.made, devices };
    for index in 0..orders {
        state.op.store(index, Relaxed);
        if script.word_is(op::OVERLAY) {
            root.upper = open_upper(*script)?;
            root.fd = overlay::mount(state, script)?;
            root.device = sys::stat(root.fd).at(Step::Overlay)?.device;
        } else if let Some(overlay) = given.overlay.filter(|_| script.word_is(op::GIVEN_OVERLAY)) {
            root.upper = sys::open(script.text(), sys::O_PATH).at(Step::Upper)?;
            sys::attach(overlay, root.upper).at(Step::Overlay)?;
            root.fd = overlay;
            root.device = sys::stat(root.fd).at(Step::Overlay)?.device;
        } else {
            follow(&mut root, script)?;
        }
    }
    state.op.store(orders, Relaxed);
    enter(root.fd).at(Step::Pivot)?;
    Ok(root.devices.folder)
}

/// Opens the upper directory before the overlay may hide it.
fn open_upper(mut script: Script) -> Result<i32, Failure> {
    let _classic = script.word();
    sys::open(script.text(), sys::O_PATH).at(Step::Upper)
}

fn follow(root: &mut Root, script: &mut Script) -> Result<(), Failure> {
    match script.word() {
        op::DIRECTORY => root.place(script.text(), Missing::Directory).map(sys::close),
        op::BIND => bind(root, script.word(), script.text(), script.text()),
        op::TMPFS => {
            let (mode, size) = (script.text(), script.text());
            let make = |fs| sys::fs_set(fs, c"mode", mode).and_then(|_| sys::fs_set(fs, c"size", size));
            mount(root, c"tmpfs", sys::ATTR_NOSUID | sys::ATTR_NODEV, script.text(), Step::Tmpfs, make)
        }
        op::PROC => {
            let attributes = sys::ATTR_NOSUID | sys::ATTR_NODEV | sys::ATTR_NOEXEC;
            mount(root, c"proc", attributes, script.text(), Step::Proc, |_| Ok(0))
        }
        op::DEVPTS => {
            let attributes = sys::ATTR_NOSUID | sys::ATTR_NOEXEC;
            mount(root, c"devpts", attributes, script.text(), Step::Devpts, |fs| {
                sys::fs_set(fs, c"ptmxmode", c"0666").and_then(|_| sys::fs_set(fs, c"mode", c"0620"))
            })
        }
        op::SYMLINK => symlink(root, script.text(), script.text(), script.text()).at(Step::Symlink),
        op::REBIND => rebind(root, script.word(), script.text()),
        op::READ_ONLY_ROOT => sys::protect(root.fd, sys::ATTR_RDONLY, false).map(drop).at(Step::Protect),
        op::HOSTNAME => {
            let name = script.text();
            call!(SETHOSTNAME, name, name.count_bytes()).map(drop).at(Step::Hostname)
        }
        op::LOOPBACK => loopback().at(Step::Loopback),
        op::DEVICES => devices::attach(root, script.text()),
        op::MASK => mask(root, script.text()),
        _ => unreachable!("the host writes no other order"),
    }
}

fn attributes(flags: u64) -> u64 {
    let read_only = if flags & flag::READ_ONLY != 0 { sys::ATTR_RDONLY } else { 0 };
    let devices = if flags & flag::DEVICES != 0 { 0 } else { sys::ATTR_NODEV };
    read_only | devices | sys::ATTR_NOSUID
}

fn bind(root: &Root, flags: u64, source: &CStr, path: &CStr) -> Result<(), Failure> {
    if flags & flag::HOST_DEVICE != 0 && root.devices.own {
        return Ok(());
    }
    let tree = match sys::open_tree(sys::AT_FDCWD, source) {
        Err(sys::ENOENT) if flags & flag::OPTIONAL != 0 => return Ok(()),
        tree => tree.at(Step::BindSource)?,
    };
    let directory = sys::stat(tree).at(Step::BindSource)?.directory;
    let place = root.place(path, if directory { Missing::MountDirectory } else { Missing::MountFile })?;
    attach(tree, attributes(flags), true, place)
}

fn rebind(root: &Root, flags: u64, path: &CStr) -> Result<(), Failure> {
    let place = match root.find(path) {
        Err(sys::ENOENT) if flags & flag::OPTIONAL != 0 => return Ok(()),
        place => place.at(Step::Attach)?,
    };
    let tree = sys::open_tree(place, c"").at(Step::Attach)?;
    // It keeps the flags it has: devices work only where they did, in the folder of devices.
    attach(tree, attributes(flags | flag::DEVICES), flags & flag::ALONE == 0, place)
}

/// Lays an empty folder over a folder, and the null device over a file.
fn mask(root: &Root, path: &CStr) -> Result<(), Failure> {
    let place = match root.find(path) {
        Err(sys::ENOENT) => return Ok(()),
        place => place.at(Step::Mask)?,
    };
    let folder = sys::stat(place).at(Step::Mask)?.directory;
    let nothing = match folder {
        true => sys::fsopen(c"tmpfs").and_then(|fs| sys::fs_mount(fs, 0)),
        false => sys::open_tree(sys::AT_FDCWD, c"/dev/null"),
    };
    let attributes = sys::ATTR_RDONLY | sys::ATTR_NOSUID | sys::ATTR_NOEXEC;
    attach(nothing.at(Step::Mask)?, attributes, true, place)
}

/// Gives the detached `tree` its attributes, and the mounts below it too if `below`, and its place; closes both.
fn attach(tree: i32, attributes: u64, below: bool, place: i32) -> Result<(), Failure> {
    sys::protect(tree, attributes, below).at(Step::Protect)?;
    sys::attach(tree, place).at(Step::Attach)?;
    sys::close(tree);
    sys::close(place);
    Ok(())
}

fn mount(
    root: &Root,
    kind: &CStr,
    attributes: u64,
    path: &CStr,
    step: Step,
    configure: impl FnOnce(i32) -> Ret,
) -> Result<(), Failure> {
    let place = root.place(path, Missing::MountDirectory)?;
    let fs = sys::fsopen(kind).at(step)?;
    configure(fs).at(step)?;
    let mount = sys::fs_mount(fs, attributes).at(step)?;
    sys::attach(mount, place).at(Step::Attach)?;
    sys::close(mount);
    sys::close(place);
    Ok(())
}

fn symlink(root: &Root, target: &CStr, directory: &CStr, name: &CStr) -> Ret<()> {
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
    call!(IOCTL, socket, SIOCSIFFLAGS, Room(&mut request))?;
    sys::close(socket);
    Ok(())
}

/// Makes the root `/`, and lets go of the host's file system.
fn enter(root: i32) -> Ret<()> {
    const MNT_DETACH: usize = 2;
    call!(FCHDIR, root)?;
    call!(PIVOT_ROOT, c".", c".")?;
    call!(UMOUNT2, c".", MNT_DETACH)?;
    sys::chdir(c"/")?;
    Ok(())
}
