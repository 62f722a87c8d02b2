//! The memory that supervisor, init and command share: where they are, and what became of it.

use crate::call;
use crate::sys::{self, Ret};
use crate::wire::{MESSAGE, Step, ending};
use core::ffi::CStr;
use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

const MADE: usize = 64 * 1024;

/// Written by one process at a time; the supervisor reads when the others are dead.
#[repr(C)]
pub struct State {
    pub ending: AtomicU64,
    pub status: AtomicU64,
    pub step: AtomicU64,
    pub op: AtomicU64,
    pub detail: AtomicU64,
    pub errno: AtomicU64,
    message_len: AtomicUsize,
    message: [AtomicU8; MESSAGE],
    made_len: AtomicUsize,
    made: [AtomicU8; MADE],
}

/// What went wrong: the step, which part of it, the kernel's error number.
pub struct Failure {
    pub step: Step,
    pub detail: usize,
    pub errno: i32,
}

/// Names the step that a system call belongs to.
pub trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
    fn part(self, step: Step, detail: usize) -> Result<T, Failure>;
}

impl<T> At<T> for Ret<T> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.part(step, 0)
    }

    fn part(self, step: Step, detail: usize) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step, detail, errno })
    }
}

impl State {
    pub fn new() -> Ret<&'static Self> {
        let memory = sys::shared_memory(size_of::<Self>().div_ceil(8))?;
        // SAFETY: the memory is large enough, aligned to a page, zeroed, never unmapped, and all of it is
        // atomics, for which zero is a value and sharing is sound.
        Ok(unsafe { &*memory.as_ptr().cast::<Self>() })
    }

    pub fn fail(&self, failure: &Failure) {
        self.step.store(failure.step as u64, Relaxed);
        self.detail.store(failure.detail as u64, Relaxed);
        self.errno.store(failure.errno as u64, Relaxed);
        self.ending.store(ending::FAILED, Relaxed);
    }

    /// Keeps what the kernel logged about the file system that `fs` describes.
    pub fn keep_message(&self, fs: i32) {
        let mut text = [0u8; MESSAGE];
        if let Ok(len) = call!(READ, fs, sys::Room(&mut text), MESSAGE) {
            self.message_len.store(len, Relaxed);
            copy_in(&self.message, &text[..len]);
        }
    }

    /// Copies the kept message; its length.
    pub fn message(&self, to: &mut [u8]) -> usize {
        let len = self.message_len.load(Relaxed);
        for (byte, from) in to.iter_mut().zip(&self.message[..len]) {
            *byte = from.load(Relaxed);
        }
        len
    }

    /// Notes that `directory/name` was made for a mount only; what does not fit stays unnoted.
    pub fn note_made(&self, directory: &[u8], name: &[u8]) {
        let start = self.made_len.load(Relaxed);
        let end = start + directory.len() + name.len() + 2;
        let Some(room) = self.made.get(start..end) else { return };
        copy_in(room, directory);
        copy_in(&room[directory.len()..], b"/");
        copy_in(&room[directory.len() + 1..], name);
        self.made_len.store(end, Relaxed);
    }

    /// Removes what was made for mounts only, the newest first, as far as nobody put anything in.
    pub fn remove_made(&self) {
        let len = self.made_len.load(Relaxed);
        let mut path = [0u8; 4096];
        let mut end = len;
        while end > 0 {
            let start = (0..end - 1).rev().find(|&i| self.made[i].load(Relaxed) == 0).map_or(0, |i| i + 1);
            if end - start <= path.len() {
                for (byte, from) in path.iter_mut().zip(&self.made[start..end]) {
                    *byte = from.load(Relaxed);
                }
                let path = CStr::from_bytes_with_nul(&path[..end - start]);
                let _ = path.map(remove);
            }
            end = start;
        }
    }
}

fn copy_in(to: &[AtomicU8], from: &[u8]) {
    for (byte, from) in to.iter().zip(from) {
        byte.store(*from, Relaxed);
    }
}

/// Removes an empty directory or a file; what else is there stays.
pub fn remove(path: &CStr) {
    if let Err(sys::ENOTDIR) = call!(UNLINKAT, sys::AT_FDCWD, path, sys::AT_REMOVEDIR) {
        let _: Ret = call!(UNLINKAT, sys::AT_FDCWD, path, 0usize);
    }
}
