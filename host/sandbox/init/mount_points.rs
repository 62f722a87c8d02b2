//! Mount points that a root lacks; they are made for one run and removed after it.
//!
//! The command may rename the directories around them, so afterwards their paths may be wrong. Before the command
//! starts, the init opens the directory of each mount point in the upper directory and sends the descriptor and the
//! name to the supervisor.

use crate::call;
use crate::sys::{self, KernelBuffer, Ret};
use core::ffi::CStr;

/// Bytes of an inode's number.
const NUMBER: usize = 8;
/// Longest name of a file, with its NUL.
const NAME: usize = 256;

/// A channel from the init to the supervisor: the receiving and the sending end.
pub fn channel() -> Ret<(i32, i32)> {
    const SEQPACKET_CLOEXEC: usize = 5 | 0o2_000_000;
    let mut ends = [0i32; 2];
    call!(SOCKETPAIR, 1usize, SEQPACKET_CLOEXEC, 0usize, KernelBuffer(&mut ends))?;
    Ok((ends[0], ends[1]))
}

/// Tells the supervisor that `name` was made in `directory`. The socket has room for more than a hundred messages.
pub fn announce(channel: i32, directory: i32, name: &CStr) -> Ret {
    let mut message = [0u8; NUMBER + NAME];
    let name_bytes = name.to_bytes_with_nul();
    let end = NUMBER + name_bytes.len();
    let room = message.get_mut(NUMBER..end).ok_or(sys::EINVAL)?;
    room.copy_from_slice(name_bytes);
    message[..NUMBER].copy_from_slice(&inode(directory, name)?.to_le_bytes());
    sys::send_with_fd(channel, &mut message[..end], directory)
}

/// Removes the announced mount points that are empty, the newest first. A mount point that the command moved stays,
/// and so does what has its name now. The inode number is enough to recognize it, because a directory cannot be
/// removed, and its number not be reused, while something is mounted on it.
pub fn remove_announced(channel: i32) {
    const DONTWAIT: usize = 0x40;
    let mut message = [0u8; NUMBER + NAME];
    let Ok((len, directory)) = sys::receive_with_fd(channel, &mut message, DONTWAIT) else { return };
    remove_announced(channel);
    let (number, name) = message[..len].split_at(NUMBER.min(len));
    if let Ok(name) = CStr::from_bytes_with_nul(name)
        && inode(directory, name).is_ok_and(|inode| inode.to_le_bytes() == *number)
    {
        sys::remove(directory, name);
    }
    sys::close(directory);
}

fn inode(directory: i32, name: &CStr) -> Ret<u64> {
    let opened = sys::open_beneath(directory, name)?;
    let stat = sys::stat(opened);
    sys::close(opened);
    stat.map(|stat| stat.inode)
}
