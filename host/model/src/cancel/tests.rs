use std::sync::atomic::AtomicU32;

use super::*;

fn counter() -> (Arc<AtomicU32>, impl Fn() -> Box<dyn FnOnce() + Send>) {
    let count = Arc::new(AtomicU32::new(0));
    let shared = count.clone();
    (count, move || {
        let shared = shared.clone();
        Box::new(move || {
            shared.fetch_add(1, Ordering::Relaxed);
        })
    })
}

#[test]
fn hooks_run_once_and_late_ones_at_once() {
    let (count, hook) = counter();
    let cancel = Cancel::new();
    let _early = cancel.on_cancel(hook());
    cancel.clone().cancel();
    cancel.cancel();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let _late = cancel.on_cancel(hook());
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[test]
fn time_that_is_over_ends_work_and_nothing_else() {
    let (count, hook) = counter();
    let cancel = Cancel::new();
    let _guard = cancel.on_cancel(hook());
    let (now, later) = (Instant::now(), Instant::now() + std::time::Duration::from_secs(3600));
    assert!(cancel.until(now).is_cancelled() && cancel.until(now).until(later).is_cancelled());
    let work = cancel.until(later);
    assert!(!work.is_cancelled() && !cancel.is_cancelled());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    cancel.cancel();
    assert!(work.is_cancelled());
}

#[test]
fn a_dropped_guard_forgets_its_hook() {
    let (count, hook) = counter();
    let cancel = Cancel::new();
    drop(cancel.on_cancel(hook()));
    cancel.cancel();
    assert_eq!(count.load(Ordering::Relaxed), 0);
}
