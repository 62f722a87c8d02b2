//! Mount points that a root lacks: made for one run, removed after it.
//!
//! The command may rename what is around them, so afterwards no path is sure to lead to them. Before it starts, the
//! init opens the directory of each in the upper directory and sends it to the supervisor with the name, which cannot
//! change as long as something is mounted there.

use crate::call;
use crate::sys::{self, Ret, Room};
use core::ffi::CStr;

/// Longest name of a file, with its NUL.
const NAME: usize = 256;

/// A channel from the init to the supervisor: the receiving and the sending end.
pub fn channel() -> Ret<(i32, i32)> {
    const SEQPACKET_CLOEXEC: usize = 5 | 0o2_000_000;
    let mut ends = [0i32; 2];
    call!(SOCKETPAIR, 1usize, SEQPACKET_CLOEXEC, 0usize, Room(&mut ends))?;
    Ok((ends[0], ends[1]))
}

/// Tells the supervisor that `name` was made in `directory`. There is room for more than a hundred.
pub fn tell(channel: i32, directory: i32, name: &CStr) -> Ret {
    let mut bytes = [0u8; NAME];
    let name = name.to_bytes_with_nul();
    let room = bytes.get_mut(..name.len()).ok_or(sys::EINVAL)?;
    room.copy_from_slice(name);
    sys::send_with_fd(channel, room, directory)
}

/// Removes what was told, the newest first, as far as nobody put anything in.
pub fn remove(channel: i32) {
    const DONTWAIT: usize = 0x40;
    let mut name = [0u8; NAME];
    let Ok((len, directory)) = sys::receive_with_fd(channel, &mut name, DONTWAIT) else { return };
    remove(channel);
    if let Ok(name) = CStr::from_bytes_with_nul(&name[..len]) {
        sys::remove(directory, name);
    }
    sys::close(directory);
}
