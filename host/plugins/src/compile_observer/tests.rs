use std::sync::Mutex;

use super::*;

/// What an observer of a compilation of this length hears: whether it ended.
fn heard(length: Duration) -> Vec<bool> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let observer = CompileObserver::new({
        let heard = Arc::clone(&heard);
        move |slow| {
            assert_eq!((slow.plugin, slow.size), ("slow (slow.wasm)", 3 << 20));
            heard.lock().expect("nobody panicked").push(slow.has_ended);
        }
    });
    let answer = observer.watch("slow (slow.wasm)", 3 << 20, 1 << 20, || {
        thread::sleep(length);
        42
    });
    assert_eq!(answer, 42);
    let heard = heard.lock().expect("nobody panicked");
    heard.clone()
}

#[test]
fn only_slow_compilations_are_told_of() {
    assert_eq!(heard(Duration::ZERO), []);
    let heard = heard(SLOW * 2);
    assert_eq!(heard.iter().filter(|has_ended| **has_ended).count(), 1);
    assert!(heard.len() > 1 && heard.last() == Some(&true), "{heard:?}");
}

#[test]
fn the_estimate_grows_with_the_code() {
    assert!(estimate(20 << 20) > estimate(1 << 20));
    assert_eq!(estimate(0), Duration::ZERO);
    estimate(u64::MAX);
}
