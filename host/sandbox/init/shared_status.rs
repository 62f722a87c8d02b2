//! The memory that supervisor, init and command share: the current step and how it ended.

use crate::call;
use crate::protocol::{MESSAGE, SetupStep, termination};
use crate::sys::{self, Ret};
use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Written by one process at a time; the supervisor reads when the others are dead.
#[repr(C)]
pub struct SharedStatus {
    pub termination: AtomicU64,
    pub status: AtomicU64,
    pub step: AtomicU64,
    pub op: AtomicU64,
    pub detail: AtomicU64,
    pub errno: AtomicU64,
    message_len: AtomicUsize,
    message: [AtomicU8; MESSAGE],
}

/// What went wrong: the step, which part of it, the kernel's error number.
pub struct Failure {
    pub step: SetupStep,
    pub detail: usize,
    pub errno: i32,
}

/// Names the step that a system call belongs to.
pub trait InStep<T> {
    fn in_step(self, step: SetupStep) -> Result<T, Failure>;
    fn in_step_part(self, step: SetupStep, detail: usize) -> Result<T, Failure>;
}

impl<T> InStep<T> for Ret<T> {
    fn in_step(self, step: SetupStep) -> Result<T, Failure> {
        self.in_step_part(step, 0)
    }

    fn in_step_part(self, step: SetupStep, detail: usize) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step, detail, errno })
    }
}

impl SharedStatus {
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
        self.termination.store(termination::FAILED, Relaxed);
    }

    /// Keeps what the kernel logged about the file system that `fs` describes.
    pub fn keep_message(&self, fs: i32) {
        let mut text = [0u8; MESSAGE];
        if let Ok(len) = call!(READ, fs, sys::KernelBuffer(&mut text), MESSAGE) {
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
}

fn copy_in(to: &[AtomicU8], from: &[u8]) {
    for (byte, from) in to.iter().zip(from) {
        byte.store(*from, Relaxed);
    }
}
