//! A limited number of instances, shared by all kinds and all threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The number of a kind in a pool.
pub(crate) type KindId = u64;

/// Idle instances, and the limit of all instances.
pub(crate) struct InstancePool<T> {
    capacity: usize,
    state: Mutex<PoolState<T>>,
    changed: Condvar,
}

struct PoolState<T> {
    /// The number of instances, idle and leased, and of leases without an instance.
    live: usize,
    /// Idle instances, the one that has been idle longest first.
    idle: Vec<(KindId, T)>,
}

/// The right to one instance. It ends when the lease is dropped; [`keep`](Self::keep) returns the instance to the pool.
pub(crate) struct InstanceLease<'p, T> {
    pool: &'p InstancePool<T>,
    kind: KindId,
    idle: Option<T>,
}

impl<T> InstancePool<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = PoolState { live: 0, idle: Vec::new() };
        Self { capacity: capacity.max(1), state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Leases an idle instance of the kind, or the right to create one; if the pool is full, an idle instance of another kind
    /// is dropped. `None` when all instances are leased for longer than `max_wait`.
    pub(crate) fn lease(&self, kind: KindId, max_wait: Duration) -> Option<InstanceLease<'_, T>> {
        let until = Instant::now() + max_wait;
        let mut state = self.lock();
        loop {
            if let Some(found) = state.idle.iter().rposition(|(owner, _)| *owner == kind) {
                let (_, instance) = state.idle.remove(found);
                return Some(InstanceLease { pool: self, kind, idle: Some(instance) });
            }
            if state.live < self.capacity {
                state.live += 1;
                return Some(InstanceLease { pool: self, kind, idle: None });
            }
            if !state.idle.is_empty() {
                drop(state.idle.remove(0));
                return Some(InstanceLease { pool: self, kind, idle: None });
            }
            let rest = until.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A panic of another thread leaves the counts right: they change in one step.
    fn lock(&self) -> MutexGuard<'_, PoolState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> InstanceLease<'_, T> {
    /// The idle instance, if there was one.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.idle.take()
    }

    /// Returns an instance to the pool.
    pub(crate) fn keep(self, instance: T) {
        self.pool.lock().idle.push((self.kind, instance));
        self.pool.changed.notify_one();
        std::mem::forget(self);
    }
}

impl<T> Drop for InstanceLease<'_, T> {
    fn drop(&mut self) {
        self.pool.lock().live -= 1;
        self.pool.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
