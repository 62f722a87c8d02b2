use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[test]
fn hooks_run_once_before_and_after_the_request() {
    let (signal, ran) = (RequestSignal::default(), Arc::new(AtomicU32::new(0)));
    let count = |signal: &RequestSignal| {
        let ran = Arc::clone(&ran);
        signal.on_request(move || _ = ran.fetch_add(1, Ordering::Relaxed));
    };
    count(&signal);
    assert_eq!((signal.is_sent(), ran.load(Ordering::Relaxed)), (false, 0));
    signal.clone().send();
    signal.send();
    count(&signal);
    assert_eq!((signal.is_sent(), ran.load(Ordering::Relaxed)), (true, 2));
}
