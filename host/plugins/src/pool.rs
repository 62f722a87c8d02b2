//! A bounded number of instances, shared by all kinds and all threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Names a kind within a pool.
pub(crate) type KindId = u64;

/// Instances that wait for work, and the bound on all that exist.
pub(crate) struct Pool<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    /// Instances and rights to make one: at work or idle.
    live: usize,
    /// Those that wait, the one that has waited longest first.
    idle: Vec<(KindId, T)>,
}

/// The right to have one instance; it ends when the lease is dropped, unless the instance is kept.
pub(crate) struct Lease<'p, T> {
    pool: &'p Pool<T>,
    kind: KindId,
    warm: Option<T>,
}

impl<T> Pool<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { live: 0, idle: Vec::new() };
        Self { capacity: capacity.max(1), state: Mutex::new(state), changed: Condvar::new() }
    }

    /// An idle instance of the kind, or the right to make one, at the cost of another kind's idle instance if need be.
    /// `None` when all are at work for longer than `patience`.
    pub(crate) fn lease(&self, kind: KindId, patience: Duration) -> Option<Lease<'_, T>> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(found) = state.idle.iter().rposition(|(owner, _)| *owner == kind) {
                let (_, instance) = state.idle.remove(found);
                return Some(Lease { pool: self, kind, warm: Some(instance) });
            }
            if state.live < self.capacity {
                state.live += 1;
                return Some(Lease { pool: self, kind, warm: None });
            }
            if !state.idle.is_empty() {
                drop(state.idle.remove(0));
                return Some(Lease { pool: self, kind, warm: None });
            }
            let rest = until.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A panic elsewhere leaves the counts right: they change in one step.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lease<'_, T> {
    /// The warm instance, if there was one.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.warm.take()
    }

    /// Keeps an instance for the next call.
    pub(crate) fn keep(self, instance: T) {
        self.pool.lock().idle.push((self.kind, instance));
        self.pool.changed.notify_one();
        std::mem::forget(self);
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        self.pool.lock().live -= 1;
        self.pool.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_kept_instance_serves_its_kind_again() {
        let pool = Pool::new(2);
        pool.lease(1, NOW).expect("the pool is empty").keep("one");
        assert_eq!(pool.lease(2, NOW).expect("there is room").take(), None);
        assert_eq!(pool.lease(1, NOW).expect("it is idle").take(), Some("one"));
    }

    #[test]
    fn a_full_pool_refuses_and_a_dropped_lease_makes_room() {
        let pool: Pool<&str> = Pool::new(1);
        let lease = pool.lease(1, NOW).expect("the pool is empty");
        assert!(pool.lease(1, NOW).is_none());
        drop(lease);
        assert!(pool.lease(1, NOW).is_some());
    }

    #[test]
    fn an_idle_instance_of_another_kind_makes_room() {
        let pool = Pool::new(1);
        pool.lease(1, NOW).expect("the pool is empty").keep("one");
        let mut other = pool.lease(2, NOW).expect("the idle one can go");
        assert_eq!(other.take(), None);
        other.keep("two");
        assert_eq!(pool.lease(1, NOW).expect("again").take(), None);
    }

    #[test]
    fn a_waiting_thread_gets_what_is_kept() {
        let pool = Pool::new(1);
        let lease = pool.lease(1, NOW).expect("the pool is empty");
        std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| pool.lease(1, Duration::from_secs(60)).and_then(|mut lease| lease.take()));
            lease.keep("one");
            assert_eq!(waiting.join().expect("the thread does not panic"), Some("one"));
        });
    }
}
