//! The overlay that is the root.
//!
//! Each layer is passed as `.` after entering it, so paths have no length limit and no path of the host is visible in
//! the sandbox's `/proc/self/mountinfo`. `volatile` keeps the kernel from syncing the whole file system of the upper
//! directory at the end of every command.

use crate::call;
use crate::protocol::SetupStep;
use crate::script::ScriptReader;
use crate::shared_status::{Failure, InStep, SharedStatus};
use crate::sys::{self, Ret};
use core::ffi::CStr;

struct OverlayOptions {
    upper: &'static CStr,
    work: &'static CStr,
    /// Where metacopy folders find contents.
    contents: &'static CStr,
    count: usize,
    /// The script at the first layer, the highest.
    layers: ScriptReader,
}

/// Mounts the overlay on its upper directory and opens it.
pub fn mount(shared: &SharedStatus, script: &mut ScriptReader) -> Result<i32, Failure> {
    let classic = script.word() != 0;
    let (upper, work, contents, count) = (script.text(), script.text(), script.text(), script.size());
    let options = OverlayOptions { upper, work, contents, count, layers: *script };
    (0..count).for_each(|_| _ = (script.word(), script.text()));
    if !classic && let Some(overlay) = mount_layers(shared, &options)? {
        return Ok(overlay);
    }
    mount_classic(&options)
}

/// Adds one layer after another; `None` if this kernel cannot.
fn mount_layers(shared: &SharedStatus, options: &OverlayOptions) -> Result<Option<i32>, Failure> {
    let fs = sys::fsopen(c"overlay").in_step(SetupStep::Overlay)?;
    let keep = |done: Ret| done.inspect_err(|_| shared.keep_message(fs));
    let mut layers = options.layers;
    let mut is_lowest_metacopy = false;
    for index in 0..options.count {
        let is_metacopy = layers.word() != 0;
        sys::chdir(layers.text()).in_step_part(SetupStep::Layer, index)?;
        is_lowest_metacopy = is_metacopy && index + 1 == options.count;
        if is_metacopy && !is_lowest_metacopy {
            mount_metacopy_folder(shared, options.contents).in_step_part(SetupStep::Layer, index)?;
        }
        match sys::fs_set(fs, c"lowerdir+", c".") {
            Err(sys::EINVAL) if index == 0 => {
                sys::close(fs);
                return Ok(None);
            }
            done => keep(done).in_step_part(SetupStep::Layer, index)?,
        };
    }
    if is_lowest_metacopy {
        sys::chdir(options.contents).in_step(SetupStep::Overlay)?;
        keep(sys::fs_set(fs, c"datadir+", c".")).in_step(SetupStep::Overlay)?;
    }
    sys::chdir(options.upper).in_step(SetupStep::Upper)?;
    keep(sys::fs_set(fs, c"upperdir", c".")).in_step(SetupStep::Upper)?;
    sys::chdir(options.work).in_step(SetupStep::Work)?;
    keep(sys::fs_set(fs, c"workdir", c".")).in_step(SetupStep::Work)?;
    let mount_options = [(c"index", c"off"), (c"xino", c"off")];
    for (key, value) in mount_options {
        keep(sys::fs_set(fs, key, value)).in_step(SetupStep::Overlay)?;
    }
    for flag in [c"userxattr", c"volatile"] {
        keep(sys::fs_flag(fs, flag)).in_step(SetupStep::Overlay)?;
    }
    let overlay = sys::fs_mount(fs, sys::ATTR_NOSUID | sys::ATTR_NODEV);
    let overlay = keep(overlay.map(|fd| fd as usize)).in_step(SetupStep::Overlay)? as i32;
    let place = sys::open(options.upper, sys::O_PATH).in_step(SetupStep::Upper)?;
    sys::attach(overlay, place).in_step(SetupStep::Overlay)?;
    sys::close(place);
    Ok(Some(overlay))
}

/// Makes the metacopy folder that is the working directory a file system whose files have contents, and enters it. It is
/// mounted nowhere and has to stay open until an overlay has it; the init closes everything before the command starts.
///
/// Each metacopy folder but the lowest is an overlay of its own: in one overlay of an ordinary user the kernel
/// follows only redirects of the lowest layer. This also means that no layer can shadow the contents of another one.
fn mount_metacopy_folder(shared: &SharedStatus, contents: &CStr) -> Ret {
    let fs = sys::fsopen(c"overlay")?;
    let keep = |done: Ret| done.inspect_err(|_| shared.keep_message(fs));
    keep(sys::fs_set(fs, c"lowerdir+", c"."))?;
    sys::chdir(contents)?;
    keep(sys::fs_set(fs, c"datadir+", c"."))?;
    keep(sys::fs_set(fs, c"xino", c"off"))?;
    keep(sys::fs_flag(fs, c"userxattr"))?;
    let attributes = sys::ATTR_RDONLY | sys::ATTR_NOSUID | sys::ATTR_NODEV;
    let mount = keep(sys::fs_mount(fs, attributes).map(|fd| fd as usize))? as i32;
    call!(FCHDIR, mount)
}

/// Before Linux 6.8 all options have to fit into one page: layers are named by links with short names in a private
/// tmpfs.
fn mount_classic(options: &OverlayOptions) -> Result<i32, Failure> {
    const NOSUID_NODEV: usize = 2 | 4;
    let names = sys::fsopen(c"tmpfs").and_then(|fs| sys::fs_mount(fs, 0)).in_step(SetupStep::Overlay)?;
    call!(FCHDIR, names).in_step(SetupStep::Overlay)?;
    let mut text = OptionText::new();
    text.add(b"userxattr,volatile,index=off,xino=off,upperdir=u,workdir=w,lowerdir=");
    let mut layers = options.layers;
    for index in 0..options.count {
        let mut name = OptionText::new();
        name.add_number(index);
        let _is_metacopy = layers.word();
        link(layers.text(), name.text()).in_step_part(SetupStep::Layer, index)?;
        text.add(if index == 0 { b"" } else { b":" });
        text.add_number(index);
    }
    link(options.upper, c"u").in_step(SetupStep::Upper)?;
    link(options.work, c"w").in_step(SetupStep::Work)?;
    call!(MOUNT, c"overlay", options.upper, c"overlay", NOSUID_NODEV, text.text())
        .in_step(SetupStep::Overlay)?;
    sys::close(names);
    sys::open(options.upper, sys::O_PATH).in_step(SetupStep::Upper)
}

fn link(target: &CStr, name: &CStr) -> Ret {
    call!(SYMLINKAT, target, sys::AT_FDCWD, name)
}

/// A text under construction; a text that does not fit is cut, and the kernel then refuses it.
struct OptionText {
    bytes: [u8; 4096],
    len: usize,
}

impl OptionText {
    fn new() -> Self {
        Self { bytes: [0; 4096], len: 0 }
    }

    fn add(&mut self, text: &[u8]) {
        let end = (self.len + text.len()).min(self.bytes.len() - 1);
        self.bytes[self.len..end].copy_from_slice(&text[..end - self.len]);
        self.len = end;
    }

    fn add_number(&mut self, number: usize) {
        if number >= 10 {
            self.add_number(number / 10);
        }
        self.add(&[b'0' + (number % 10) as u8]);
    }

    fn text(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
}
