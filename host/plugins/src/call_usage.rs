//! What calls of components use.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the last call of a component used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallUsage {
    /// Fuel: about the number of instructions.
    pub fuel: u64,
    /// Bytes of memory of the instance after the call.
    pub memory: u64,
}

/// Keeps the usage of the last call.
#[derive(Debug, Default)]
pub(crate) struct UsageMeter {
    fuel: AtomicU64,
    memory: AtomicU64,
}

impl UsageMeter {
    /// Replaces the usage of an earlier call. Calls at the same time may mix theirs.
    pub(crate) fn record(&self, usage: CallUsage) {
        self.fuel.store(usage.fuel, Ordering::Relaxed);
        self.memory.store(usage.memory, Ordering::Relaxed);
    }

    pub(crate) fn last(&self) -> CallUsage {
        CallUsage { fuel: self.fuel.load(Ordering::Relaxed), memory: self.memory.load(Ordering::Relaxed) }
    }
}
